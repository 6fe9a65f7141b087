//! The signals by which a Unix asks a program to end: Ctrl-C, a wish of the system, a terminal that closes. A thread of ours
//! takes them, whatever handlers others set.

use std::io;

/// Those by which the window is asked to end.
const ENDING: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// Whether whoever started the process had a signal ignored, as `nohup` does with that of the terminal.
pub fn is_ignored(signal: libc::c_int) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: with no new action the call only writes the old one, whose every field may be zero.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Has the first signal that asks for it end the process, after `leave`, with 128 and the signal's number as shells have it.
/// Signals that whoever started the process had ignored are left alone. It is called before other threads are there: a
/// handler that they set, such as that of the window's framework, never runs.
///
/// # Errors
/// The system does not let it; then signals do what they did.
pub fn end_after(leave: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the set is made empty before anything else is done with it, and these are signals.
    let set = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in ENDING.into_iter().filter(|&signal| !is_ignored(signal)) {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    };
    block(libc::SIG_BLOCK, &set)?;
    let wait = move || {
        let mut signal = 0;
        // SAFETY: both live here; who waits for a signal does so where it is blocked.
        if unsafe { libc::sigwait(&set, &mut signal) } == 0 {
            leave();
            // SAFETY: it does not return. What is registered for the end of a process would take what threads of the
            // window and of its sound still use.
            unsafe { libc::_exit(128 + signal) }
        }
    };
    let thread = std::thread::Builder::new().name("neume signals".to_string()).spawn(wait);
    thread.map(drop).or_else(|cause| block(libc::SIG_UNBLOCK, &set).and(Err(cause)))
}

/// Has signals wait for this thread and those that it starts, or no longer.
fn block(how: libc::c_int, set: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: the set is whole, and the old one is not asked for.
    match unsafe { libc::pthread_sigmask(how, set, std::ptr::null_mut()) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}
