//! Volumes as a kubelet writes them: files in a folder of their own, which the link `..data` names, so that an update is one
//! rename and watchers of `..data` work as in a cluster.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::cluster::Cluster;
use super::container::HOSTS;
use super::container::field;
use super::pods::PodPlan;
use super::types::{DownwardApi, Volume, VolumeSource};
use crate::LiveError;
use crate::pod::Mount;

type Files = BTreeMap<String, Vec<u8>>;

/// Writes the volumes of a pod below a folder and gives the mounts of its containers.
pub(super) fn mounts(pod: &PodPlan, cluster: &Cluster, folder: &Path) -> Result<Vec<Mount>, LiveError> {
    let mut mounts = Vec::new();
    for volume in &pod.template.spec.volumes {
        let uses: Vec<_> = pod
            .template
            .spec
            .init_containers
            .iter()
            .chain(&pod.template.spec.containers)
            .flat_map(|container| &container.volume_mounts)
            .filter(|mount| mount.name == volume.name && mount.mount_path != HOSTS)
            .collect();
        if uses.is_empty() {
            continue;
        }
        let place = folder.join(&volume.name);
        fs::create_dir_all(&place).map_err(LiveError::io("create", &place))?;
        match files(pod, volume, cluster)? {
            Some(files) => write(&place, &files)?,
            None => fs::set_permissions(&place, fs::Permissions::from_mode(0o777))
                .map_err(LiveError::io("open", &place))?,
        }
        for mount in uses {
            let source = mount.sub_path.as_ref().map_or_else(|| place.clone(), |sub| place.join(sub));
            let mount = Mount { source, target: PathBuf::from(&mount.mount_path) };
            if !mounts.contains(&mount) {
                mounts.push(mount);
            }
        }
    }
    // A mount within a mount comes after it.
    mounts.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(mounts)
}

/// The files of a volume; `None` for an empty folder that the pod writes.
fn files(pod: &PodPlan, volume: &Volume, cluster: &Cluster) -> Result<Option<Files>, LiveError> {
    if volume.empty_dir.is_some() {
        return Ok(None);
    }
    let mut files = Files::new();
    let mut understood = false;
    let mut config_maps: Vec<&VolumeSource> = volume.config_map.iter().collect();
    let mut secrets: Vec<&VolumeSource> = volume.secret.iter().collect();
    let mut downward: Vec<&DownwardApi> = volume.downward_api.iter().collect();
    for source in volume.projected.iter().flat_map(|projected| &projected.sources) {
        config_maps.extend(&source.config_map);
        secrets.extend(&source.secret);
        downward.extend(&source.downward_api);
    }
    for (kind, sources) in [("ConfigMap", config_maps), ("Secret", secrets)] {
        for source in sources {
            understood = true;
            files.extend(content(pod, kind, source, cluster)?);
        }
    }
    for item in downward.into_iter().flat_map(|api| &api.items) {
        understood = true;
        files.insert(item.path.clone(), field(pod, &item.field_ref.field_path)?.into_bytes());
    }
    if understood {
        Ok(Some(files))
    } else {
        Err(LiveError::Scenario(format!(
            "{}: the source of volume {} is not understood",
            pod.workload, volume.name
        )))
    }
}

fn content(pod: &PodPlan, kind: &str, source: &VolumeSource, cluster: &Cluster) -> Result<Files, LiveError> {
    let data = match cluster.data(kind, &pod.namespace, &source.name)? {
        Some(data) => data,
        None if source.optional => return Ok(Files::new()),
        None => {
            return Err(LiveError::Scenario(format!(
                "{} would wait forever: there is no {kind} {}/{}",
                pod.workload, pod.namespace, source.name
            )));
        }
    };
    if source.items.is_empty() {
        return Ok(data);
    }
    let pick = |item: &super::types::KeyToPath| {
        let bytes = data.get(&item.key).cloned().ok_or_else(|| {
            LiveError::Scenario(format!("{}: {kind} {} has no key {}", pod.workload, source.name, item.key))
        })?;
        Ok((item.path.clone(), bytes))
    };
    source.items.iter().map(pick).collect()
}

fn write(place: &Path, files: &Files) -> Result<(), LiveError> {
    let generation = place.join("..generation");
    for (name, bytes) in files {
        let path = generation.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(LiveError::io("create", parent))?;
        }
        fs::write(&path, bytes).map_err(LiveError::io("write", &path))?;
        let first = Path::new(name)
            .components()
            .next()
            .map_or_else(PathBuf::new, |part| PathBuf::from(part.as_os_str()));
        let link = place.join(&first);
        if link.symlink_metadata().is_err() {
            symlink(Path::new("..data").join(&first), &link).map_err(LiveError::io("link", &link))?;
        }
    }
    fs::create_dir_all(&generation).map_err(LiveError::io("create", &generation))?;
    let data = place.join("..data");
    symlink("..generation", &data).map_err(LiveError::io("link", &data))
}
