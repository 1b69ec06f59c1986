import MeshModel
import MeshTransport
import Synchronization

/// The query API of Prometheus over HTTP: POST forms, or GET where a server refuses those with 405.
final class PrometheusAPI: Sendable {
  /// The most points a Prometheus gives for one series of a range query.
  static let maximumPoints = 11_000.0

  private let transport: any HTTPTransport
  private let base: String
  private let headers: [(name: String, value: String)]
  private let postRefused = Mutex(false)

  init(transport: any HTTPTransport, base: String, headers: [(name: String, value: String)]) {
    self.transport = transport
    self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
    self.headers = headers
  }

  /// The value of a query now.
  func query(_ text: String) async throws(MeshError) -> PrometheusAnswer {
    try await answer("/api/v1/query", [("query", text), ("timeout", "30s")], about: "the query")
  }

  /// The values of a query over time; the step is widened so that no series has more points than the server allows.
  func range(
    _ text: String, from: Double, to: Double, step: Double
  ) async throws(MeshError) -> (answer: PrometheusAnswer, step: Double) {
    let step = Self.step(from: from, to: to, wanted: step)
    let form = [
      ("query", text), ("start", Self.time(from)), ("end", Self.time(to)), ("step", Self.time(step)),
      ("timeout", "30s"),
    ]
    return (try await answer("/api/v1/query_range", form, about: "the range query"), step)
  }

  /// The version the server calls itself, or `nil` where it does not tell.
  func version() async throws(MeshError) -> String? {
    let response = try await send(.get, "/api/v1/status/buildinfo", [])
    guard response.isSuccess else {
      // Not every server that answers queries says what it is: only a refusal is a failure.
      if [401, 403].contains(response.status) { throw refusal(response, about: "the server") }
      return nil
    }
    let value = try? JSONValue(parsing: response.body)
    return value?["data"]?["version"]?.string
  }

  static func step(from: Double, to: Double, wanted: Double) -> Double {
    let least = max(0, to - from) / (maximumPoints - 1)
    let step = max(wanted.isFinite ? wanted : 0, least, 0.001)
    return step >= 1 ? step.rounded(.up) : step
  }

  /// A time with milliseconds, without an exponent.
  static func time(_ seconds: Double) -> String {
    let milliseconds = Int(exactly: (min(max(seconds.isNaN ? 0 : seconds, 0), 4e12) * 1000).rounded()) ?? 0
    let rest = String(milliseconds % 1000)
    return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
  }

  private func answer(
    _ path: String, _ form: [(String, String)], about: String
  ) async throws(MeshError) -> PrometheusAnswer {
    var response: HTTPResponse
    if postRefused.withLock({ $0 }) {
      response = try await send(.get, path, form)
    } else {
      response = try await send(.post, path, form)
      if response.status == 405 {
        postRefused.withLock { $0 = true }
        response = try await send(.get, path, form)
      }
    }
    guard response.isSuccess else { throw refusal(response, about: about) }
    return try await decode(response.body, about: about)
  }

  @concurrent
  private func decode(_ body: [UInt8], about: String) async throws(MeshError) -> PrometheusAnswer {
    do throws(JSONError) {
      let answer = try PrometheusAnswer(parsing: body)
      guard answer.isSuccess else {
        throw JSONError(.malformed, at: 0, expected: "status success, not \(answer.error ?? "another")")
      }
      return answer
    } catch {
      throw MeshError(
        .malformed, "\(base) answered \(about) with something that is no answer of Prometheus: \(error)",
        remedy: "check the address and its path", underlying: error)
    }
  }

  private func send(
    _ method: HTTPRequest.Method, _ path: String, _ form: [(String, String)]
  ) async throws(MeshError) -> HTTPResponse {
    let encoded = PercentCoding.query(form.map { ($0.0, Optional($0.1)) })
    let isGet = method == .get
    var request = HTTPRequest(
      method, base + path + (isGet && !form.isEmpty ? "?" + encoded : ""), body: isGet ? nil : Array(encoded.utf8),
      deadlines: Deadlines(firstByte: .seconds(35), total: .seconds(60)), limits: .prometheus, idempotent: true)
    if !isGet { request.headers.set("Content-Type", "application/x-www-form-urlencoded") }
    request.headers.set("Accept", "application/json")
    for header in headers { request.headers.set(header.name, header.value) }
    do throws(TransportError) {
      return try await transport.send(request)
    } catch {
      throw MeshError(telemetry: error)
    }
  }

  private func refusal(_ response: HTTPResponse, about: String) -> MeshError {
    let answer = try? PrometheusAnswer(parsing: response.body)
    let words = answer?.error ?? Self.firstLine(response.body)
    let said = words.isEmpty ? "" : ": \(words)"
    let message = "\(base) refused \(about) with \(response.status)\(said)"
    switch response.status {
    case 400: return MeshError(.refused, message)
    case 401: return MeshError(.unauthenticated, message, remedy: "check the token or password of telemetry")
    case 403: return MeshError(.forbidden, message, remedy: "ask for the right to query, or check the tenant header")
    case 404: return MeshError(.notFound, message, remedy: "check the path of the address")
    case 422:
      return MeshError(.refused, message, remedy: "the query was too large or not possible; narrow it or the window")
    case 429: return MeshError(.unreachable, message, remedy: "the server limits queries; try later")
    case 503:
      return MeshError(
        .unreachable, message, remedy: "the query timed out or was aborted; narrow the window or try later")
    case 500...: return MeshError(.unreachable, message, remedy: "the server is failing; try later")
    default: return MeshError(.malformed, message)
    }
  }

  /// The first line of a body that is not JSON, without control characters, cut short.
  private static func firstLine(_ body: [UInt8]) -> String {
    let line = body.prefix(400).prefix { $0 != 0x0A && $0 != 0x0D }
    return String(String(decoding: line, as: UTF8.self).prefix(200))
  }
}

extension MeshError {
  /// A failure to reach a telemetry source.
  init(telemetry error: TransportError) {
    let code: Code =
      switch error.code {
      case .unauthorized, .credentials: .unauthenticated
      case .cancelled: .cancelled
      case .truncated, .malformed, .tooLarge, .redirected: .malformed
      case .readOnly: .refused
      case .unreachable, .timedOut, .tls, .certificateExpired, .connectionLost, .proxy, .notRecorded: .unreachable
      }
    let place = error.origin.isEmpty ? "" : "\(error.origin): "
    let remedy =
      error.code == .tooLarge
      ? "narrow the window, or record the mesh's sums with recording rules and point telemetry there" : error.remedy
    self.init(code, place + error.message, remedy: remedy, underlying: error)
  }
}
