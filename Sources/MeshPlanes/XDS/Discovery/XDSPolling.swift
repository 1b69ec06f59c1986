import MeshMessages
import MeshModel
import MeshTransport

/// REST-JSON discovery: one question for each type, again and again.
///
/// Source: "xDS REST and gRPC protocol", REST-JSON polling: `POST /v3/discovery:<type>` with a `DiscoveryRequest`; a server
/// that has nothing new may answer 304.
struct XDSPolling: XDSSource {
  let session: Session
  let node: XDSSettings.Node
  let plane: PlaneName
  /// The seconds between two rounds.
  let interval: Double

  private static let patience = Deadlines(firstByte: .seconds(20), idle: .seconds(20), total: .seconds(60))

  @concurrent
  func run(
    _ known: XDSResources, _ tell: @escaping @Sendable (XDSResources) async -> Void
  ) async -> MeshError {
    var resources = known
    var asked: [XDSType: Set<String>] = [:]
    while !Task.isCancelled {
      do throws(MeshError) {
        var answered = 0
        for type in resources.whole where try await ask(type, &resources, &asked) { answered += 1 }
        for type in XDSType.dependent where resources.tables[type] != nil && resources[type].wanted?.isEmpty != true {
          _ = try await ask(type, &resources, &asked)
        }
        guard answered > 0 else {
          return MeshError(
            .malformed, "\(session.origin) has no discovery: it answers 404 to every type", plane: plane,
            remedy: "check the address; the path of discovery is /v3/discovery:clusters")
        }
      } catch {
        return error
      }
      await tell(resources)
      try? await Task.sleep(for: .seconds(interval))
    }
    return MeshError(.cancelled, "discovery", plane: plane)
  }

  /// Asks for a type; whether the server knows of it.
  private func ask(
    _ type: XDSType, _ resources: inout XDSResources, _ asked: inout [XDSType: Set<String>]
  ) async throws(MeshError) -> Bool {
    let table = resources[type]
    // A version may be that of all resources of a type: with other names asked for it says nothing.
    let known = table.wanted == nil || asked[type] == table.wanted ? table.version : ""
    var body: JSONValue = ["version_info": .string(known), "node": node.json, "type_url": .string(type.url)]
    asked[type] = table.wanted
    if let names = table.wanted { body["resource_names"] = .array(names.sorted().map(JSONValue.string)) }
    let what = "/v3/discovery:\(type.restName)"
    let response: HTTPResponse
    do throws(TransportError) {
      response = try await session.send(
        session.request(
          .post, what, headers: ["Content-Type": "application/json", "Accept": "application/json"],
          body: JSONWriter.bytes(body), deadlines: Self.patience, limits: .dump, idempotent: true))
    } catch {
      throw MeshError(asking: error, what, plane: plane)
    }
    switch response.status {
    case 304: return true
    // A server without resources of a type, or for this node, may say so.
    case 404:
      resources.take(type, [], version: "")
      return false
    case 200..<300: break
    default:
      let code: MeshError.Code =
        response.status == 401 ? .unauthenticated : response.status == 403 ? .forbidden : .unreachable
      let text = String(decoding: response.body.prefix(200), as: UTF8.self)
      throw MeshError(code, "\(session.origin)\(what) answers \(response.status): \(text)", plane: plane)
    }
    let json: JSONValue
    do { json = try JSONValue(parsing: response.body) } catch {
      throw MeshError(.malformed, "\(session.origin)\(what) is no JSON: \(error)", plane: plane, underlying: error)
    }
    let version = json["version_info"]?.string ?? json["versionInfo"]?.string ?? ""
    if let name = (json["control_plane"] ?? json["controlPlane"])?["identifier"]?.string {
      resources.controlPlane = name
    }
    let items = json.list("resources").map { resource in
      let normal = MessageJSON.normalized(resource, typeURL: type.url)
      return XDSResources.Item(name: XDSDecoding.name(of: normal), version: version, json: normal)
    }
    resources.take(type, items, version: version)
    return true
  }
}
