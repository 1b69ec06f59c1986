import MeshModel
import MeshTransport

/// The administration interface of one proxy.
///
/// Source: Envoy admin API: questions are GETs, everything that changes the proxy is a POST; a mask on `config_dump` picks
/// fields of one kind of dump, so that no answer carries the hundred kilobytes of the proxy's list of extensions.
struct EnvoyAdmin: Sendable {
  /// The address as configured, such as `http://127.0.0.1:9901`.
  let address: String
  private let session: Session
  private let plane: PlaneName
  private let headers: HTTPHeaders

  /// Creates a client; `address` may leave out its scheme, which is then HTTP.
  ///
  /// - Parameter headers: What goes with every question, for a proxy that is reached through another server.
  init(
    _ address: String, plane: PlaneName, options: Session.Options, headers: HTTPHeaders = [:]
  ) throws(MeshError) {
    let url = address.contains("://") ? address : "http://\(address)"
    var options = options
    // A poll comes again soon: one that fails is told at once and not tried again within the poll.
    options.retry = .never
    do throws(TransportError) {
      session = try Session(base: url, options: options)
    } catch {
      throw MeshError(
        .usage, "the address of a proxy makes no sense: \(error.message)", plane: plane,
        remedy: "write it as http://host:port", underlying: error)
    }
    self.address = url
    self.plane = plane
    self.headers = headers
  }

  /// The parts of a configuration dump, each with the mask that asks for it alone.
  enum Part: String, CaseIterable {
    case bootstrap = "bootstrap.node.id,bootstrap.node.cluster,bootstrap.dynamic_resources,bootstrap.layered_runtime"
    case clusters = "static_clusters,dynamic_active_clusters,dynamic_warming_clusters"
    case listeners = "static_listeners,dynamic_listeners"
    case routes = "static_route_configs,dynamic_route_configs"
    case scopes = "inline_scoped_route_configs,dynamic_scoped_route_configs"
  }

  /// The one element of a part of the configuration dump; an empty object where the proxy has nothing of it.
  func dump(_ part: Part) async throws(MeshError) -> JSONValue {
    let json = try await json("/config_dump", query: [("mask", part.rawValue)])
    return json["configs"]?[0] ?? .object(JSONObject())
  }

  /// The answer to a question, as JSON.
  func json(_ path: String, query: [(String, String?)] = []) async throws(MeshError) -> JSONValue {
    let bytes = try await get(path, query: query)
    return try await parsed(bytes, path)
  }

  @concurrent
  private func parsed(_ bytes: [UInt8], _ path: String) async throws(MeshError) -> JSONValue {
    do { return try JSONValue(parsing: bytes) } catch {
      throw MeshError(.malformed, "\(address): \(path) is no JSON: \(error)", plane: plane, underlying: error)
    }
  }

  /// The answer to a question.
  func get(_ path: String, query: [(String, String?)] = []) async throws(MeshError) -> [UInt8] {
    try await send(.get, path, query: query).body
  }

  /// The status of a question whose answer is its status, such as `/ready`.
  func status(_ path: String) async throws(MeshError) -> Int {
    do throws(TransportError) {
      return try await session.send(session.request(.get, path, headers: headers, deadlines: Self.patience)).status
    } catch {
      throw MeshError(error, path, plane: plane)
    }
  }

  /// Changes keys of the runtime's admin layer; an empty value takes a key out. It is sent once.
  func modifyRuntime(_ values: [(String, String)]) async throws(MeshError) {
    _ = try await send(.post, "/runtime_modify", query: values.map { ($0.0, $0.1) })
  }

  /// Why nothing may be written, where that is so.
  var refusal: String? { if case .refused(let reason) = session.writes { reason } else { nil } }

  private static let patience = Deadlines(
    connect: .seconds(3), tls: .seconds(3), firstByte: .seconds(5), idle: .seconds(5), total: .seconds(20))

  private func send(
    _ method: HTTPRequest.Method, _ path: String, query: [(String, String?)]
  ) async throws(MeshError) -> HTTPResponse {
    let response: HTTPResponse
    do throws(TransportError) {
      response = try await session.send(
        session.request(
          method, path, query: query, headers: headers, body: method == .post ? [] : nil, deadlines: Self.patience,
          limits: .dump))
    } catch {
      throw MeshError(error, path, plane: plane)
    }
    guard response.isSuccess else {
      let text = String(decoding: response.body.prefix(200), as: UTF8.self)
      let code: MeshError.Code =
        switch response.status {
        case 401: .unauthenticated
        case 403: .forbidden
        // A proxy that failed, or a gateway that lost it, may have taken the values all the same.
        case 500...: method == .post ? .unknownOutcome : .unreachable
        default: method == .post ? .refused : .unreachable
        }
      throw MeshError(code, "\(address)\(path) answers \(response.status): \(text)", plane: plane)
    }
    return response
  }
}
