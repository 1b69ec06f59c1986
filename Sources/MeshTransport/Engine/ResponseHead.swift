/// The head of an answer, built line by line. Strict where leniency has been exploited: each violation is an error.
struct ResponseHead: Sendable {
  private(set) var status = 0
  private(set) var headers = HTTPHeaders()
  private(set) var protocolVersion = ""
  /// Whether the final head (not an interim 1xx one) is complete.
  private(set) var isComplete = false
  /// The fields that came after the body.
  private(set) var trailers = HTTPHeaders()
  /// Whether a server that was still being sent a body has said its last word: trailers, a call's status, or a refusal.
  var isEndOfCall: Bool {
    isComplete && (!trailers.fields.isEmpty || headers["grpc-status"] != nil || status != 200)
  }
  private var lineBytes = 0
  private var interimHeads = 0
  private let limits: BodyLimits

  init(limits: BodyLimits) { self.limits = limits }

  /// A fault of the head: what kind and what to say.
  struct Fault: Error {
    var code: TransportError.Code
    var message: String
  }

  /// Takes one line as it came, its line end included. What comes after a complete head are trailers, of
  /// which malformed ones are left out.
  mutating func take(_ line: UnsafeRawBufferPointer) throws(Fault) {
    lineBytes += line.count
    guard lineBytes <= limits.headerBytes else {
      throw Fault(code: .tooLarge, message: "the headers exceed \(limits.headerBytes) bytes")
    }
    guard line.count >= 2, line[line.count - 1] == 10, line[line.count - 2] == 13 else {
      throw Fault(code: .malformed, message: "a header line does not end as HTTP lines do")
    }
    let content = Array(line[..<(line.count - 2)])
    if isComplete { return trailer(content) }
    if content.isEmpty { return try end() }
    if status == 0 { return try start(content) }
    try field(content)
  }

  private mutating func start(_ line: [UInt8]) throws(Fault) {
    let parts = line.split(separator: 32, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0].starts(with: Array("HTTP/".utf8)), parts[1].count == 3,
      let code = Int(String(decoding: parts[1], as: UTF8.self)), (100...599).contains(code)
    else { throw Fault(code: .malformed, message: "the answer does not begin like HTTP") }
    status = code
    protocolVersion = String(decoding: parts[0], as: UTF8.self)
  }

  private mutating func field(_ line: [UInt8]) throws(Fault) {
    let (name, value) = try Self.parts(line)
    guard headers.fields.count < limits.headerCount else {
      throw Fault(code: .tooLarge, message: "the answer has more than \(limits.headerCount) headers")
    }
    headers.add(name, value)
  }

  private mutating func trailer(_ line: [UInt8]) {
    guard !line.isEmpty, trailers.fields.count < limits.headerCount, let (name, value) = try? Self.parts(line) else {
      return
    }
    trailers.add(name, value)
  }

  private static func parts(_ line: [UInt8]) throws(Fault) -> (name: String, value: String) {
    guard line[0] != 32, line[0] != 9 else {
      throw Fault(code: .malformed, message: "a header is folded over two lines")
    }
    guard let colon = line.firstIndex(of: 0x3a), colon > 0, line[..<colon].allSatisfy(ASCII.isTokenByte) else {
      throw Fault(code: .malformed, message: "a header has no valid name")
    }
    let value = ASCII.trimmed(line[(colon + 1)...])
    guard !value.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) else {
      throw Fault(code: .malformed, message: "a header holds a control byte")
    }
    return (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
  }

  private mutating func end() throws(Fault) {
    guard status >= 200 || status == 101 else {
      interimHeads += 1
      guard interimHeads <= 100 else {
        throw Fault(code: .malformed, message: "the server sends interim answers without end")
      }
      status = 0
      headers = HTTPHeaders()
      return
    }
    guard status >= 200 else {
      throw Fault(code: .malformed, message: "the server switched protocols unasked")
    }
    let lengths = headers.all("Content-Length")
    guard lengths.count <= 1 else {
      throw Fault(code: .malformed, message: "the answer states its length more than once")
    }
    if let length = lengths.first {
      guard !length.isEmpty, length.utf8.allSatisfy(ASCII.isDigit), let count = Int(length) else {
        throw Fault(code: .malformed, message: "the answer's length is no number")
      }
      guard headers["Transfer-Encoding"] == nil else {
        throw Fault(code: .malformed, message: "the answer has both a length and a transfer coding")
      }
      guard count <= limits.bytes else {
        throw Fault(code: .tooLarge, message: "the answer of \(count) bytes exceeds \(limits.bytes) bytes")
      }
    }
    let codings = headers.all("Content-Encoding").flatMap { $0.split(separator: ",") }
      .map { ASCII.lowercased(ASCII.trimmed($0)) }.filter { $0 != "identity" }
    guard codings.count <= 1 else {
      throw Fault(code: .malformed, message: "the answer is compressed more than once")
    }
    guard codings.allSatisfy({ $0 == "gzip" || $0 == "x-gzip" }) else {
      throw Fault(code: .malformed, message: "the answer is compressed in a way that was not asked for")
    }
    isComplete = true
  }
}
