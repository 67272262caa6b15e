//! The root folder of a pod: the machine's programs and libraries, and nothing else but what the pod mounts. Programs are
//! mounted by file, because a user of the pod may not enter the folders that they are in.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, mount, mount_bind_recursive};

use super::{LIVE, PodSetup, SHARED};
use crate::LiveError;

/// Folders of the machine that programs need; some are links to others.
const MACHINE: [&str; 8] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "proc", "dev"];

/// What programs need of `/etc`: `sh` is found through alternatives, as is `iptables`; `ssl` has the roots of the operating system,
/// as images of proxies do.
const MACHINE_ETC: [&str; 5] = ["alternatives", "passwd", "group", "ld.so.cache", "ssl"];

/// Builds the root and makes it the root of this process.
pub(super) fn enter(setup: &PodSetup) -> Result<(), LiveError> {
    let root = &setup.root;
    let failed = |error: rustix::io::Errno| LiveError::io("mount", root)(error.into());
    mount("tmpfs", root, "tmpfs", MountFlags::empty(), Some(c"mode=755")).map_err(failed)?;
    for name in MACHINE {
        machine(&Path::new("/").join(name), &root.join(name))?;
    }
    for name in MACHINE_ETC {
        machine(&Path::new("/etc").join(name), &root.join("etc").join(name))?;
    }
    for (folder, mode) in [("etc", 0o755), ("tmp", 0o1777), ("run", 0o755), ("var", 0o755)] {
        let path = root.join(folder);
        fs::create_dir_all(&path).map_err(LiveError::io("create", &path))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(LiveError::io("open", &path))?;
    }
    write(root, "etc/resolv.conf", &setup.resolv_conf)?;
    write(
        root,
        "etc/hosts",
        &format!("127.0.0.1 localhost\n{} {}\n{}", setup.address, setup.name, setup.hosts),
    )?;
    write(root, "etc/hostname", &format!("{}\n", setup.name))?;
    let program = Path::new("/proc/self/exe")
        .read_link()
        .map_err(LiveError::io("read", Path::new("/proc/self/exe")))?;
    bind(&program, &within(root, Path::new(LIVE)))?;
    bind(&setup.shared, &within(root, Path::new(SHARED)))?;
    for mount in &setup.mounts {
        bind(&mount.source, &within(root, &mount.target))?;
    }
    std::os::unix::fs::chroot(root).map_err(LiveError::io("enter", root))?;
    std::env::set_current_dir("/").map_err(LiveError::io("enter", Path::new("/")))
}

fn within(root: &Path, target: &Path) -> PathBuf {
    root.join(target.strip_prefix("/").unwrap_or(target))
}

/// Takes a folder, file or link of the machine, if it is there.
fn machine(source: &Path, target: &Path) -> Result<(), LiveError> {
    let Ok(metadata) = source.symlink_metadata() else { return Ok(()) };
    if metadata.is_symlink() {
        let link = fs::read_link(source).map_err(LiveError::io("read", source))?;
        return symlink(link, target).map_err(LiveError::io("link", target));
    }
    bind(source, target)
}

/// Mounts a folder or file at a place, which is made if need be.
fn bind(source: &Path, target: &Path) -> Result<(), LiveError> {
    let metadata = source.metadata().map_err(LiveError::io("read", source))?;
    if metadata.is_dir() {
        fs::create_dir_all(target).map_err(LiveError::io("create", target))?;
    } else if !target.exists() {
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(LiveError::io("create", parent))?;
        }
        File::create(target).map_err(LiveError::io("create", target))?;
    }
    mount_bind_recursive(source, target).map_err(|error| LiveError::io("mount", target)(error.into()))
}

fn write(root: &Path, name: &str, content: &str) -> Result<(), LiveError> {
    let path = root.join(name);
    fs::write(&path, content).map_err(LiveError::io("write", &path))
}
