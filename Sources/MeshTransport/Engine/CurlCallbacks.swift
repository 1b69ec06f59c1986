import CLibcurl

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The functions libcurl calls during a transfer, on the engine's thread.
enum CurlCallbacks {
  static let receiveBody: curl_write_callback = { bytes, _, count, context in
    guard let context, let bytes else { return 0 }
    return transfer(context).take(body: UnsafeRawBufferPointer(start: bytes, count: count))
  }

  static let sendBody: curl_read_callback = { bytes, size, count, context in
    guard let context, let bytes else { return Int(CURL_READFUNC_ABORT) }
    return transfer(context).give(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
  }

  static let receiveHeader: curl_write_callback = { bytes, _, count, context in
    guard let context, let bytes else { return 0 }
    return transfer(context).take(header: UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
  }

  static let requestBegins: curl_prereq_callback = { context, _, _, _, _ in
    guard let context else { return CURL_PREREQFUNC_ABORT }
    let transfer = transfer(context)
    transfer.requestStarted = ContinuousClock.now
    if transfer.order.request.needsHTTP2 { transfer.isGathering = true }
    return CURL_PREREQFUNC_OK
  }

  static let resolvingBegins: curl_resolver_start_callback = { _, _, context in
    guard let context else { return 1 }
    let transfer = transfer(context)
    if transfer.connectStarted == nil { transfer.connectStarted = ContinuousClock.now }
    return 0
  }

  static let connectingBegins: curl_opensocket_callback = { context, _, address in
    guard let context, let address else { return -1 }
    let transfer = transfer(context)
    if transfer.connectStarted == nil { transfer.connectStarted = ContinuousClock.now }
    let number = socket(address.pointee.family, address.pointee.socktype | closeOnExec, address.pointee.protocol)
    // Three unanswered probes end a connection; libcurl sets their pause alone before 8.9.
    var probes: Int32 = 3
    _ = setsockopt(number, Int32(IPPROTO_TCP), TCP_KEEPCNT, &probes, socklen_t(MemoryLayout<Int32>.size))
    if number >= 0, let inode = SocketState.inode(number) { transfer.sockets.append((number, inode)) }
    return number
  }
}

private func transfer(_ context: UnsafeMutableRawPointer) -> CurlTransfer {
  Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
}

#if os(Linux)
private let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)
#else
private let closeOnExec: Int32 = 0
#endif
