//! A security key of software that OpenSSH loads as `SSH_SK_PROVIDER`, for tests alone: its key handles hold the
//! private keys in the clear. This file is OpenSSH's C interface (`sk-api.h`, version 10), [`token`] the key itself.

use std::ffi::{CStr, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::ptr::null_mut;

mod token;

use token::{Algorithm, Refusal};

/// The version of the interface that OpenSSH 9.1 and later ask for.
const API_VERSION: u32 = 0x000a_0000;

/// What `sk_enroll` answers. OpenSSH frees each pointer and the structure itself.
#[repr(C)]
pub struct EnrollResponse {
    flags: u8,
    public_key: *mut u8,
    public_key_len: usize,
    key_handle: *mut u8,
    key_handle_len: usize,
    signature: *mut u8,
    signature_len: usize,
    attestation_cert: *mut u8,
    attestation_cert_len: usize,
    authdata: *mut u8,
    authdata_len: usize,
}

/// What `sk_sign` answers. OpenSSH frees each pointer and the structure itself.
#[repr(C)]
pub struct SignResponse {
    flags: u8,
    counter: u32,
    sig_r: *mut u8,
    sig_r_len: usize,
    sig_s: *mut u8,
    sig_s_len: usize,
}

/// A named option of a request.
#[repr(C)]
pub struct SkOption {
    name: *mut c_char,
    value: *mut c_char,
    required: u8,
}

/// The version of the interface.
#[unsafe(no_mangle)]
pub extern "C" fn sk_api_version() -> u32 {
    API_VERSION
}

/// Makes a key.
///
/// # Safety
///
/// The pointers are what `sk-api.h` says: strings end with a zero byte, `options` is null or ends with a null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sk_enroll(
    alg: u32,
    _challenge: *const u8,
    _challenge_len: usize,
    _application: *const c_char,
    flags: u8,
    pin: *const c_char,
    options: *mut *mut SkOption,
    response: *mut *mut EnrollResponse,
) -> c_int {
    answer(|| {
        // SAFETY: the caller's promise.
        let device = unsafe { device(options) }?;
        // SAFETY: the caller's promise.
        let pin = unsafe { text(pin) };
        let made = token::enroll(Algorithm::of(alg)?, flags, pin, device)?;
        let made = EnrollResponse {
            flags,
            public_key: copied(&made.public_key)?,
            public_key_len: made.public_key.len(),
            key_handle: copied(&made.handle)?,
            key_handle_len: made.handle.len(),
            signature: null_mut(),
            signature_len: 0,
            attestation_cert: null_mut(),
            attestation_cert_len: 0,
            authdata: null_mut(),
            authdata_len: 0,
        };
        // SAFETY: the caller's promise.
        unsafe { give(made, response) }
    })
}

/// Signs data with a key.
///
/// # Safety
///
/// The pointers are what `sk-api.h` says: strings end with a zero byte, `options` is null or ends with a null,
/// the others point to as many bytes as the length beside them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sk_sign(
    alg: u32,
    data: *const u8,
    data_len: usize,
    application: *const c_char,
    key_handle: *const u8,
    key_handle_len: usize,
    flags: u8,
    pin: *const c_char,
    _options: *mut *mut SkOption,
    response: *mut *mut SignResponse,
) -> c_int {
    answer(|| {
        // SAFETY: the caller's promise.
        let data = unsafe { bytes(data, data_len) };
        // SAFETY: the caller's promise.
        let handle = unsafe { bytes(key_handle, key_handle_len) };
        // SAFETY: the caller's promise.
        let application = unsafe { text(application) }.ok_or(Refusal::General)?;
        // SAFETY: the caller's promise.
        let pin = unsafe { text(pin) };
        let signed = token::sign(Algorithm::of(alg)?, handle, application, data, flags, pin)?;
        let s = signed.s.as_deref();
        let signed = SignResponse {
            flags: signed.flags,
            counter: signed.counter,
            sig_r: copied(&signed.r)?,
            sig_r_len: signed.r.len(),
            sig_s: s.map_or(Ok(null_mut()), copied)?,
            sig_s_len: s.map_or(0, <[u8]>::len),
        };
        // SAFETY: the caller's promise.
        unsafe { give(signed, response) }
    })
}

/// Refuses: no key is resident.
#[unsafe(no_mangle)]
pub extern "C" fn sk_load_resident_keys(
    _pin: *const c_char,
    _options: *mut *mut SkOption,
    _keys: *mut *mut *mut (),
    _count: *mut usize,
) -> c_int {
    Refusal::Unsupported.code()
}

/// Runs a request. No panic leaves it.
fn answer(request: impl FnOnce() -> Result<(), Refusal>) -> c_int {
    match catch_unwind(AssertUnwindSafe(request)) {
        Ok(Ok(())) => 0,
        Ok(Err(refusal)) => refusal.code(),
        Err(_) => Refusal::General.code(),
    }
}

/// The value of the option `device`. An option that OpenSSH requires and nobody here knows is refused.
///
/// # Safety
///
/// `options` is null or ends with a null; names and values are null or end with a zero byte.
unsafe fn device(options: *mut *mut SkOption) -> Result<Option<PathBuf>, Refusal> {
    let (mut device, mut next) = (None, options);
    while !next.is_null() {
        // SAFETY: the caller's promise; nothing is read behind the null.
        let option = unsafe { next.read() };
        // SAFETY: as above.
        let Some(option) = (unsafe { option.as_ref() }) else {
            break;
        };
        // SAFETY: as above.
        let name = unsafe { text(option.name) };
        // SAFETY: as above.
        let value = unsafe { text(option.value) };
        match name {
            Some("device") => device = value.map(PathBuf::from),
            Some("user") => {}
            _ if option.required != 0 => return Err(Refusal::Unsupported),
            _ => {}
        }
        // SAFETY: this element is not the null at the end, so there is one behind it.
        next = unsafe { next.add(1) };
    }
    Ok(device)
}

/// A string of C; none if it is null or not UTF-8.
///
/// # Safety
///
/// `string` is null or ends with a zero byte, and outlives the result.
unsafe fn text<'a>(string: *const c_char) -> Option<&'a str> {
    if string.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(string) }.to_str().ok()
}

/// Bytes of C.
///
/// # Safety
///
/// `start` is null or points to `length` bytes that outlive the result.
unsafe fn bytes<'a>(start: *const u8, length: usize) -> &'a [u8] {
    if start.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(start, length) }
}

/// Copies bytes to where OpenSSH can free them.
fn copied(bytes: &[u8]) -> Result<*mut u8, Refusal> {
    let memory = allocated(bytes.len())?.cast::<u8>();
    // SAFETY: the memory is fresh and has room for the bytes.
    unsafe { memory.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Ok(memory)
}

/// Moves an answer to where OpenSSH can free it, and says where that is.
///
/// # Safety
///
/// `place` is null or may be written.
unsafe fn give<T>(answer: T, place: *mut *mut T) -> Result<(), Refusal> {
    // SAFETY: the caller's promise.
    let place = unsafe { place.as_mut() }.ok_or(Refusal::General)?;
    let memory = allocated(size_of::<T>())?.cast::<T>();
    // SAFETY: the memory is fresh, has room for the answer, and malloc aligns for every type of C.
    unsafe { memory.write(answer) };
    *place = memory;
    Ok(())
}

/// Memory for `free`.
fn allocated(size: usize) -> Result<*mut libc::c_void, Refusal> {
    // SAFETY: malloc takes any size.
    let memory = unsafe { libc::malloc(size.max(1)) };
    if memory.is_null() {
        return Err(Refusal::General);
    }
    Ok(memory)
}
