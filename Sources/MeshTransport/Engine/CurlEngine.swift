import CLibcurl
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The one thread that runs every transfer of the process, and the mailbox by which others speak to it.
final class CurlEngine: Sendable {
  /// A wish of another thread.
  enum Message: Sendable {
    case start(TransferOrder)
    case cancel(UInt64)
    case resume(UInt64)
    case resumeUpload(UInt64)
  }

  static let shared = CurlEngine()

  private struct Mailbox {
    var messages: [Message] = []
    var isRunning = false
  }

  /// libcurl's handle: of the engine's thread alone, but for the call that wakes it, which any thread may make.
  private struct Handle: @unchecked Sendable { let multi: UnsafeMutableRawPointer? }

  private let mailbox = Mutex(Mailbox())
  private let handle: Handle

  private init() {
    curl_global_init(Int(CURL_GLOBAL_ALL))
    handle = Handle(multi: curl_multi_init())
    if let multi = handle.multi {
      clibcurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
      clibcurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
    }
  }

  /// Leaves a message and wakes the thread, which starts with the first one.
  func post(_ message: Message) {
    let starts = mailbox.withLock { box in
      box.messages.append(message)
      defer { box.isRunning = true }
      return !box.isRunning
    }
    if starts { startThread() } else if let multi = handle.multi { curl_multi_wakeup(multi) }
  }

  fileprivate func takeMessages() -> [Message] {
    mailbox.withLock { box in
      let messages = box.messages
      box.messages = []
      return messages
    }
  }

  private func startThread() {
    #if os(Linux)
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, engineThread, nil)
    if status == 0 { pthread_detach(thread) }
    #else
    var thread: pthread_t?
    let status = pthread_create(&thread, nil, { _ in engineThread(nil) }, nil)
    if status == 0, let thread { pthread_detach(thread) }
    #endif
    guard status != 0 else { return }
    let orphans = mailbox.withLock { box in
      box.isRunning = false
      defer { box.messages = [] }
      return box.messages
    }
    for case .start(let order) in orphans {
      order.refuse(TransportError(.unreachable, "no thread for the network", origin: order.target.origin))
    }
  }

  fileprivate func run() {
    guard let multi = handle.multi else {
      while true {
        for case .start(let order) in takeMessages() {
          order.refuse(TransportError(.unreachable, "libcurl cannot start", origin: order.target.origin))
        }
        usleep(50_000)
      }
    }
    var loop = EngineLoop(multi: multi)
    while true { loop.turn(takeMessages()) }
  }
}

private func engineThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  // With CURLOPT_NOSIGNAL the pipe signal is the program's own affair (its man page), and OpenSSL writes without
  // MSG_NOSIGNAL: a server that hangs up must not end the program that imports this library.
  var pipe = sigset_t()
  sigemptyset(&pipe)
  sigaddset(&pipe, SIGPIPE)
  pthread_sigmask(SIG_BLOCK, &pipe, nil)
  CurlEngine.shared.run()
  return nil
}

extension TransferOrder {
  /// Ends an order that never became a transfer.
  func refuse(_ error: TransportError) {
    request.upload?.abandon()
    switch reply {
    case .whole(let continuation): continuation.resume(returning: .failure(error))
    case .stream(let continuation): continuation.resume(returning: .failure(error))
    case .certificate(let continuation): continuation.resume(returning: nil)
    }
  }
}
