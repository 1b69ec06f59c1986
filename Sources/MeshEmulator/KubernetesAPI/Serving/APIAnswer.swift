import MeshModel

/// An answer of the API before it is put on the wire.
struct APIAnswer: Sendable {
  enum Body: Sendable {
    case bytes([UInt8])
    case watch(WatchStream)
  }

  var status = 200
  var contentType = "application/json"
  var headers: [(String, String)] = []
  var body: Body

  init(_ value: JSONValue, status: Int = 200) {
    self.status = status
    body = .bytes(JSONWriter.bytes(value) + [0x0A])
  }

  init(bytes: [UInt8], status: Int = 200, contentType: String = "application/json") {
    self.status = status
    self.contentType = contentType
    body = .bytes(bytes)
  }

  init(_ status: APIStatus) {
    self.init(status.json, status: status.code)
    if let seconds = status.retryAfter { headers.append(("Retry-After", String(seconds))) }
  }

  init(watch: WatchStream) { body = .watch(watch) }

  init(text: String, status: Int = 200) {
    self.init(bytes: Array(text.utf8), status: status, contentType: "text/plain; charset=utf-8")
  }
}
