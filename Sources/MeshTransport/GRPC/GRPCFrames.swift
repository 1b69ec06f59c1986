/// The messages of one direction of a call, as bytes: each with its length before it.
///
/// Source: gRPC over HTTP/2, `Length-Prefixed-Message`: a byte that says whether it is compressed, four bytes of length,
/// most significant first.
struct GRPCFrames: Sendable {
  private static let prefix = 5
  private var bytes: [UInt8] = []
  /// Where the next frame begins.
  private var start = 0
  private let limit: Int

  /// A fault of a frame: which status it has and what to say.
  struct Fault: Error, Equatable {
    var status: GRPCStatus
    var message: String
  }

  /// A reader that takes messages of at most `limit` bytes.
  init(limit: Int) { self.limit = limit }

  /// A message with its length before it.
  static func frame(_ message: [UInt8]) -> [UInt8] {
    let count = UInt32(truncatingIfNeeded: message.count)
    return [0, UInt8(count >> 24), UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)] + message
  }

  /// Whether something of a message is there whose rest is not.
  var isInsideMessage: Bool { start < bytes.count }

  /// Adds what came.
  mutating func append(_ chunk: [UInt8]) {
    if start > 0 {
      bytes.removeFirst(start)
      start = 0
    }
    bytes += chunk
  }

  /// The next whole message; `nil` where more has to come.
  mutating func next() throws(Fault) -> [UInt8]? {
    guard bytes.count - start >= Self.prefix else { return nil }
    guard bytes[start] == 0 else {
      throw bytes[start] == 1
        ? Fault(status: .internal, message: "the server sent a compressed message, which was not asked for")
        : Fault(status: .internal, message: "the answer holds no gRPC message: its first byte is \(bytes[start])")
    }
    let count = bytes[(start + 1)..<(start + Self.prefix)].reduce(0) { $0 << 8 | Int($1) }
    guard count <= limit else {
      throw Fault(
        status: .resourceExhausted, message: "the server sent a message of \(count) bytes, more than \(limit)")
    }
    let end = start + Self.prefix + count
    guard bytes.count >= end else { return nil }
    defer { start = end }
    return Array(bytes[(start + Self.prefix)..<end])
  }
}
