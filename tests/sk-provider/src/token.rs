//! What the security key keeps in its handles, how it signs, and how a test tells it to behave.
//!
//! A key is made on a device, a text file that `ssh-keygen -O device=FILE` names. Its path goes into the key handle,
//! so `ssh-keygen` and `ssh-agent` find it with no environment variable, and a test may write the file anew between
//! two signatures. Without the file there is no device. Each line is a name and a value:
//!
//! * `pin 1234`: the PIN.
//! * `wait 5000`: so many milliseconds pass before a signature, or until the program that waits for it is gone.
//! * `touch no`: nobody touches it; a signature that needs a touch fails, after the wait.
//! * `flags 05`: the signature's byte of flags, in hexadecimal, whatever was asked for.
//! * `counter 7`: the signature's counter.
//!
//! A key that is made without the option is on a device with nothing written: PIN 1234, touched at once.
#![forbid(unsafe_code)]

use std::io::ErrorKind;
use std::os::unix::process::parent_id;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};

const USER_PRESENCE: u8 = 0x01;
const USER_VERIFICATION: u8 = 0x04;
const RESIDENT: u8 = 0x20;

/// What each key handle starts with.
const MAGIC: &[u8] = b"toy security key 1\n";

/// Why a request fails, with the numbers of `sk-api.h`.
#[derive(Clone, Copy)]
pub enum Refusal {
    General = -1,
    Unsupported = -2,
    PinRequired = -3,
    DeviceNotFound = -4,
}

impl Refusal {
    pub fn code(self) -> i32 {
        self as i32
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Ecdsa = 0,
    Ed25519 = 1,
}

impl Algorithm {
    pub fn of(number: u32) -> Result<Self, Refusal> {
        match number {
            0 => Ok(Self::Ecdsa),
            1 => Ok(Self::Ed25519),
            _ => Err(Refusal::Unsupported),
        }
    }
}

/// A new key: the public one as OpenSSH takes it, and what it shall hand back for each signature.
pub struct Enrolled {
    pub public_key: Vec<u8>,
    pub handle: Vec<u8>,
}

/// A signature: `r` alone for Ed25519.
pub struct Signed {
    pub flags: u8,
    pub counter: u32,
    pub r: Vec<u8>,
    pub s: Option<Vec<u8>>,
}

/// How a device behaves.
struct Device {
    pin: String,
    wait: Duration,
    touched: bool,
    flags: Option<u8>,
    counter: u32,
}

impl Device {
    fn read(path: Option<&str>) -> Result<Self, Refusal> {
        let mut device = Self {
            pin: "1234".to_owned(),
            wait: Duration::ZERO,
            touched: true,
            flags: None,
            counter: 1,
        };
        let text = match path.map(std::fs::read_to_string) {
            None => return Ok(device),
            Some(Ok(text)) => text,
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => {
                return Err(Refusal::DeviceNotFound);
            }
            Some(Err(_)) => return Err(Refusal::General),
        };
        for line in text.lines() {
            device.set(line).ok_or(Refusal::General)?;
        }
        Ok(device)
    }

    /// Takes in a line of the file; none if it makes no sense.
    fn set(&mut self, line: &str) -> Option<()> {
        let (name, value) = line.split_once(' ')?;
        match (name, value) {
            ("pin", pin) => self.pin = pin.to_owned(),
            ("wait", wait) => self.wait = Duration::from_millis(wait.parse().ok()?),
            ("touch", "yes") => self.touched = true,
            ("touch", "no") => self.touched = false,
            ("flags", flags) => self.flags = Some(u8::from_str_radix(flags, 16).ok()?),
            ("counter", counter) => self.counter = counter.parse().ok()?,
            _ => return None,
        }
        Some(())
    }

    fn check_pin(&self, flags: u8, pin: Option<&str>) -> Result<(), Refusal> {
        if flags & USER_VERIFICATION != 0 && pin != Some(self.pin.as_str()) {
            return Err(Refusal::PinRequired);
        }
        Ok(())
    }

    /// Waits for as long as the device takes and somebody waits for it.
    fn answer(&self) -> Result<(), Refusal> {
        let (start, parent) = (Instant::now(), parent_id());
        while let Some(left) = self.wait.checked_sub(start.elapsed()) {
            if parent_id() != parent {
                return Err(Refusal::General);
            }
            sleep(left.min(Duration::from_millis(20)));
        }
        Ok(())
    }
}

/// What a key handle holds: everything.
struct Handle {
    algorithm: Algorithm,
    flags: u8,
    seed: [u8; 32],
    device: Option<String>,
}

impl Handle {
    fn write(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([self.algorithm as u8, self.flags]);
        bytes.extend(self.seed);
        bytes.extend(self.device.iter().flat_map(|path| path.bytes()));
        bytes
    }

    /// None if the handle is not of this provider.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (&[algorithm, flags], rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
        let (seed, device) = rest.split_first_chunk()?;
        let device = str::from_utf8(device).ok()?;
        Some(Self {
            algorithm: Algorithm::of(algorithm.into()).ok()?,
            flags,
            seed: *seed,
            device: (!device.is_empty()).then(|| device.to_owned()),
        })
    }

    fn public_key(&self) -> Result<Vec<u8>, Refusal> {
        match self.algorithm {
            Algorithm::Ed25519 => Ok(self.ed25519().verifying_key().to_bytes().to_vec()),
            Algorithm::Ecdsa => {
                let key = self.ecdsa()?;
                Ok(key.verifying_key().to_sec1_point(false).as_bytes().to_vec())
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Result<(Vec<u8>, Option<Vec<u8>>), Refusal> {
        match self.algorithm {
            Algorithm::Ed25519 => Ok((self.ed25519().sign(message).to_bytes().to_vec(), None)),
            Algorithm::Ecdsa => {
                let signature: p256::ecdsa::Signature = self.ecdsa()?.sign(message);
                let (r, s) = signature.split_bytes();
                Ok((r.to_vec(), Some(s.to_vec())))
            }
        }
    }

    fn ed25519(&self) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&self.seed)
    }

    fn ecdsa(&self) -> Result<p256::ecdsa::SigningKey, Refusal> {
        p256::ecdsa::SigningKey::from_slice(&self.seed).map_err(|_| Refusal::General)
    }
}

/// Makes a key on a device.
pub fn enroll(
    algorithm: Algorithm,
    flags: u8,
    pin: Option<&str>,
    device: Option<PathBuf>,
) -> Result<Enrolled, Refusal> {
    if flags & RESIDENT != 0 {
        return Err(Refusal::Unsupported);
    }
    let device = match device {
        None => None,
        Some(path) => {
            let path = std::path::absolute(path).map_err(|_| Refusal::General)?;
            Some(
                path.into_os_string()
                    .into_string()
                    .map_err(|_| Refusal::General)?,
            )
        }
    };
    Device::read(device.as_deref())?.check_pin(flags, pin)?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| Refusal::General)?;
    let handle = Handle {
        algorithm,
        flags,
        seed,
        device,
    };
    Ok(Enrolled {
        public_key: handle.public_key()?,
        handle: handle.write(),
    })
}

/// Signs data with the key of a handle. Who can edit the flags beside the handle may do without the touch, as on a
/// real device, but not without the PIN.
pub fn sign(
    algorithm: Algorithm,
    handle: &[u8],
    application: &str,
    data: &[u8],
    flags: u8,
    pin: Option<&str>,
) -> Result<Signed, Refusal> {
    let handle = Handle::read(handle).ok_or(Refusal::General)?;
    if handle.algorithm != algorithm {
        return Err(Refusal::General);
    }
    let device = Device::read(handle.device.as_deref())?;
    let verified = (flags | handle.flags) & USER_VERIFICATION;
    device.check_pin(verified, pin)?;
    device.answer()?;
    let present = flags & USER_PRESENCE;
    if present != 0 && !device.touched {
        return Err(Refusal::General);
    }
    let flags = device.flags.unwrap_or(present | verified);
    let mut message = Sha256::digest(application).to_vec();
    message.push(flags);
    message.extend(device.counter.to_be_bytes());
    message.extend(Sha256::digest(data));
    let (r, s) = handle.sign(&message)?;
    Ok(Signed {
        flags,
        counter: device.counter,
        r,
        s,
    })
}
