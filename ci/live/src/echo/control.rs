//! How the harness speaks to an application: one line of JSON each way, one connection a command.

use std::io;
use std::path::Path;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::spawn_local;

use super::Application;
use super::call::Call;
use super::record::Seen;
use crate::exchange::Exchange;

/// What the harness asks of an application.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Command {
    /// Make calls.
    Call(Box<Call>),
    /// Tell what reached you.
    Seen,
    /// Forget what reached you.
    Forget,
}

/// What the application answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Reply {
    /// What came of the calls.
    Exchanges(Vec<Exchange>),
    /// What reached the application.
    Seen(Seen),
    /// It is forgotten.
    Forgotten,
    /// The command was not understood.
    Refused(String),
}

/// Answers the harness for good.
pub(super) async fn serve(listener: UnixListener, application: Rc<Application>) {
    let client = Rc::new(super::client::Client::default());
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (application, client) = (Rc::clone(&application), Rc::clone(&client));
        spawn_local(async move {
            // Nobody is left to tell when the harness is gone.
            let _ = one(stream, &application, &client).await;
        });
    }
}

async fn one(
    stream: UnixStream,
    application: &Application,
    client: &Rc<super::client::Client>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let reply = match serde_json::from_str(&line) {
        Ok(Command::Call(call)) => Reply::Exchanges(client.call(*call).await),
        Ok(Command::Seen) => Reply::Seen(application.record.seen()),
        Ok(Command::Forget) => {
            application.record.reset();
            Reply::Forgotten
        }
        Err(error) => Reply::Refused(error.to_string()),
    };
    stream.write_all(&serde_json::to_vec(&reply)?).await?;
    stream.shutdown().await
}

/// Asks an application through its socket.
pub(crate) async fn ask(socket: &Path, command: &Command) -> io::Result<Reply> {
    let mut stream = UnixStream::connect(socket).await?;
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    Ok(serde_json::from_slice(&reply)?)
}
