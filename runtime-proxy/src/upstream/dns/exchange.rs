//! Asking servers: over UDP, and over TCP where the answer does not fit.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::message::{PAYLOAD, Reply, decode, encode};
use super::{Answer, Question, ResolverSettings};

/// Asks the servers in turn until one answers.
pub(super) async fn ask(settings: &ResolverSettings, question: &Question) -> Answer {
    for _ in 0..settings.attempts {
        for server in &settings.servers {
            let asked = tokio::time::timeout(settings.timeout, ask_server(*server, question)).await;
            if let Ok(Ok(Some(answer))) = asked {
                return answer;
            }
        }
    }
    Answer::Failure
}

/// Asks one server; `None` if it does not want to answer.
async fn ask_server(server: SocketAddr, question: &Question) -> io::Result<Option<Answer>> {
    let mut reply = over_udp(server, question, true).await?;
    if reply == Reply::NoExtensions {
        reply = over_udp(server, question, false).await?;
    }
    if reply == Reply::Truncated {
        reply = over_tcp(server, question).await?;
    }
    Ok(match reply {
        Reply::Answer(answer) => Some(answer),
        Reply::Truncated | Reply::NoExtensions | Reply::Refused => None,
    })
}

async fn over_udp(server: SocketAddr, question: &Question, extensions: bool) -> io::Result<Reply> {
    let any =
        if server.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    // A socket, and with it a port, for each question: with the number it is what a forger has to guess.
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    socket.connect(server).await?;
    let id = number()?;
    socket.send(&encode(id, question, extensions).ok_or_else(no_name)?).await?;
    let mut buffer = [0; PAYLOAD as usize];
    loop {
        let length = socket.recv(&mut buffer).await?;
        // Whatever else arrives is late or forged.
        if let Some(reply) = buffer.get(..length).and_then(|bytes| decode(bytes, id, question)) {
            return Ok(reply);
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &Question) -> io::Result<Reply> {
    let id = number()?;
    let message = encode(id, question, true).ok_or_else(no_name)?;
    let length = u16::try_from(message.len()).map_err(|_| no_name())?;
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&[&length.to_be_bytes()[..], &message].concat()).await?;
    let mut buffer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut buffer).await?;
    decode(&buffer, id, question)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no answer to the question"))
}

fn no_name() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a DNS name")
}

/// A number that cannot be guessed.
fn number() -> io::Result<u16> {
    let mut bytes = [0; 2];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| io::Error::other("no random numbers"))?;
    Ok(u16::from_be_bytes(bytes))
}
