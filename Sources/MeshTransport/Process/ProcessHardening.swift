import CLibcurl

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The precautions of a process that holds credentials: no core dump, no tracing by other processes of the same user,
/// and no death by a closed pipe. To be called before the first credential is read; returns whether all took effect.
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
  return limited && undumpable
}
