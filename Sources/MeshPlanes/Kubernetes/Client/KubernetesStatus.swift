import MeshModel
import MeshTransport

/// The `Status` a Kubernetes API server answers with when it refuses, or what an answer without one comes to.
struct KubernetesStatus: Sendable, Hashable {
  /// The HTTP code.
  var code: Int
  /// The machine-readable reason, such as `Expired`; empty where there is none.
  var reason = ""
  /// The server's words.
  var message = ""
  /// What exactly was wrong: field and message.
  var causes: [Cause] = []

  /// One thing that was wrong.
  struct Cause: Sendable, Hashable {
    var field = ""
    var reason = ""
    var message = ""
  }

  init(code: Int, reason: String = "", message: String = "", causes: [Cause] = []) {
    self.code = code
    self.reason = reason
    self.message = message
    self.causes = causes
  }

  /// Reads the body of a refusal; anything that is no `Status` gives its first line as the message.
  init(code: Int, body: [UInt8]) {
    self.init(code: code)
    let parsed = try? JSONReader.read(body, depthLimit: 16) { reader throws(JSONError) in
      try KubernetesStatus(from: &reader)
    }
    if let parsed, !parsed.message.isEmpty || !parsed.reason.isEmpty {
      self = parsed
      self.code = code
    } else {
      let line = String(decoding: body.prefix(300), as: UTF8.self).split(whereSeparator: \.isNewline).first
      message = line.map(String.init) ?? "HTTP \(code)"
    }
  }

  /// Reads a `Status` object.
  init(from reader: inout JSONReader) throws(JSONError) {
    var status = KubernetesStatus(code: 0)
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "code": status.code = try reader.readNull() ? 0 : reader.int()
      case "reason": status.reason = try reader.optionalString() ?? ""
      case "message": status.message = Self.shortened(try reader.optionalString() ?? "")
      case "details":
        try reader.object { key, reader throws(JSONError) in
          guard case "causes" = key else { return try reader.skip() }
          status.causes = try reader.list { reader throws(JSONError) in
            var cause = Cause()
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "field": cause.field = try reader.optionalString() ?? ""
              case "reason": cause.reason = try reader.optionalString() ?? ""
              case "message": cause.message = try reader.optionalString() ?? ""
              default: try reader.skip()
              }
            }
            return cause
          }
        }
      default: try reader.skip()
      }
    }
    self = status
  }

  /// A message without the object that a server repeats before its reason, and without its middle where it is still long.
  ///
  /// Source: apiserver `handlers/patch.go`: `patch: Invalid value: "<the whole object>": strict decoding error: …`.
  static func shortened(_ message: String) -> String {
    var text = message
    if let start = text.firstRange(of: "Invalid value: \"{"), let end = text.ranges(of: "}\": ").last,
      start.upperBound < end.lowerBound
    {
      text.replaceSubrange(start.upperBound..<end.lowerBound, with: "…")
    }
    return text.count > 2048 ? "\(text.prefix(1000)) … \(text.suffix(1000))" : text
  }

  /// Whether a version is too old to go on from: list again.
  var isExpired: Bool { code == 410 || reason == "Expired" || reason == "Gone" }

  /// Whether the version asked for lies in the future of the server that was asked: list without one.
  var isTooLargeVersion: Bool {
    code == 504
      && (causes.contains { $0.reason == "ResourceVersionTooLarge" } || message.contains("Too large resource version"))
  }

  /// The failure this status is, as an operator needs it.
  ///
  /// - Parameters:
  ///   - what: What was tried, such as `patch virtualservice reviews`.
  ///   - isGuardedPatch: Whether it answers a JSON patch with `test` operations. Kubernetes answers a failed `test` with
  ///     422 and no causes, not with 409; that is a conflict.
  func error(
    _ what: String, plane: PlaneName, object: ObjectRef? = nil, isWrite: Bool = false, isGuardedPatch: Bool = false
  ) -> MeshError {
    var text = message.isEmpty ? "HTTP \(code)" : message
    let told = causes.filter { !text.contains($0.message) || $0.message.isEmpty }.prefix(8)
    if !told.isEmpty {
      let words = told.map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }
      text += " (\(words.joined(separator: "; ")))"
    }
    text = Self.shortened(text)
    let (kind, remedy): (MeshError.Code, String?) =
      switch code {
      case 401: (.unauthenticated, "log in again")
      // An admission webhook or policy says no to what is asked, not to who asks.
      case 403 where isWrite && message.contains("denied the request"): (.refused, nil)
      case 403: (.forbidden, "ask for the permission, or use another context")
      case 404: (.notFound, isWrite ? nil : "see `meshdeck planes check`")
      case 409 where !isWrite, 410 where !isWrite:
        (.unreachable, "the server's state moved on while it was read; try again")
      case 409, 410: (.conflict, "read it again and repeat the change")
      case 422 where isGuardedPatch && causes.isEmpty: (.conflict, "it was changed since it was read; read it again")
      case 429: (.unreachable, "the server is busy; try again later")
      case 400..<500 where !isWrite: (.malformed, "check the server's address; see `meshdeck planes check`")
      case 400..<500: (.refused, nil)
      case 500..<600 where isWrite: (.unknownOutcome, "read it back before anything else")
      default:
        (.unreachable, "the server or a gateway before it is failing; try again later, see `meshdeck planes check`")
      }
    return MeshError(kind, "\(what): \(text)", plane: plane, object: object, remedy: remedy)
  }
}
