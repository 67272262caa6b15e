//! TCP: a line is answered with a line of JSON.

use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio::task::spawn_local;

use super::Application;
use super::connect::{Stream, failure};
use super::record::SeenRequest;
use crate::exchange::{Answer, Echo, FailureKind, Outcome};

/// The longest line that is read.
const LONGEST_LINE: u64 = 64 * 1024;

/// Serves a port for good.
pub(super) async fn serve(listener: TcpListener, application: Rc<Application>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let application = Rc::clone(&application);
        spawn_local(async move {
            // A client that goes away is no concern of an application.
            let _ = lines(stream, &application).await;
        });
    }
}

async fn lines<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    application: &Application,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if (&mut stream).take(LONGEST_LINE).read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        application.record.note(SeenRequest {
            authority: String::new(),
            path: line.clone(),
            headers: BTreeMap::new(),
        });
        let echo = Echo {
            workload: application.config.workload.clone(),
            pod: application.config.pod.clone(),
            version: application.config.version.clone(),
            protocol: "TCP".to_owned(),
            method: "-".to_owned(),
            path: line,
            authority: String::new(),
            headers: BTreeMap::new(),
            upstream: Vec::new(),
        };
        let mut answer = serde_json::to_vec(&echo)?;
        answer.push(b'\n');
        stream.write_all(&answer).await?;
        stream.flush().await?;
    }
}

/// Sends a line and reads the answer.
pub(super) async fn call(stream: Box<dyn Stream>, line: &str) -> Result<Outcome, Outcome> {
    let mut stream = BufReader::new(stream);
    let mut answer = String::new();
    let exchange = async {
        stream.write_all(format!("{line}\n").as_bytes()).await?;
        stream.flush().await?;
        (&mut stream).take(LONGEST_LINE).read_line(&mut answer).await
    };
    if exchange.await.map_err(|error| failure(&error))? == 0 {
        return Err(Outcome::failed(FailureKind::Closed, "closed without an answer"));
    }
    let echo = serde_json::from_str(&answer).ok();
    let body = if echo.is_some() { String::new() } else { answer };
    Ok(Outcome::Answered(Box::new(Answer { status: None, headers: BTreeMap::new(), echo, body })))
}
