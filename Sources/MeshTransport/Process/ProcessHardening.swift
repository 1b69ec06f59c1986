import CLibcurl

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The precautions of a process that holds credentials: no core dump, no tracing by other processes of the same user,
/// no death by a closed pipe or a file-size limit (the write fails and is told), and no file of ours in the place of a
/// standard stream that was closed. To be called before the first credential is read; returns whether all took effect.
@discardableResult
public func hardenProcess() -> Bool {
  var none = rlimit(rlim_cur: 0, rlim_max: 0)
  #if canImport(Glibc)
  let limited = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0
  #else
  let limited = setrlimit(RLIMIT_CORE, &none) == 0
  #endif
  let undumpable = clibcurl_forbid_dumps() == 0
  signal(SIGPIPE, SIG_IGN)
  signal(SIGXFSZ, SIG_IGN)
  // The next file opened would take the free number, and what is printed would go into it. The way the stand-in is
  // opened makes reading and writing fail as they should.
  for (number, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)] {
    if fcntl(number, F_GETFD) == -1 { _ = open("/dev/null", mode) }
  }
  return limited && undumpable
}
