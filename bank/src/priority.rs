//! Threads that stand back for whatever else the machine has to do.

/// Lowers the priority of the calling thread, where that is easy; elsewhere nothing happens.
pub fn stand_back() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: takes numbers only. On Linux, 0 is the calling thread. A refusal leaves the priority as it was.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 10);
    }
    #[cfg(target_os = "macos")]
    // SAFETY: takes numbers only and concerns the calling thread. A refusal leaves the priority as it was.
    unsafe {
        libc::pthread_set_qos_class_self_np(libc::qos_class_t::QOS_CLASS_UTILITY, 0);
    }
}
