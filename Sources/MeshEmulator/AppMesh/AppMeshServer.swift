import MeshModel

/// AWS App Mesh, as far as its API goes, over an estate; and of CloudWatch and STS what goes with it.
///
/// AWS has ended the service; this is what an emulator that an estate moved to may look like. It takes any well-formed
/// signature. Sources: AWS App Mesh API reference 2019-01-25; Amazon CloudWatch API reference 2010-08-01; AWS STS API
/// reference 2011-06-15; AWS Cloud Map API reference 2017-03-14.
struct AppMeshServer: EmbeddedPlatform {
  static let kind = Plane.Kind.appMesh
  /// The account and the region everything is of.
  static let account = "123456789012"
  static let region = "eu-west-1"

  let estate: Estate
  let store: AppMeshStore
  private let watch: AppMeshCloudWatch

  init(_ section: Scenario.Platform, estate: Estate) throws {
    self.estate = estate
    store = AppMeshStore(estate: estate)
    watch = AppMeshCloudWatch(estate: estate, store: store)
    for document in section.documents {
      do throws(AppMeshFailure) {
        guard let place = AppMeshPlace(of: document) else { throw .badRequest("a document names no resource") }
        _ = try store.create(place, document)
      } catch {
        throw ScenarioError(code: .field, file: section.scenario.name, line: 1, message: error.message)
      }
    }
  }

  func setting(address: String, metrics: String) -> JSONValue {
    [
      "region": .string(Self.region), "endpoint": .string(address),
      "telemetry": ["cloudwatch": ["url": .string(address), "namespace": .string(AppMeshCloudWatch.namespace)]],
    ]
  }

  var environment: [String: String] {
    ["AWS_ACCESS_KEY_ID": "embedded", "AWS_SECRET_ACCESS_KEY": "embedded"]
  }

  func answer(_ request: PlainRequest) async -> PlainAnswer {
    do throws(AppMeshFailure) { return identified(try routed(request)) } catch { return identified(error.answer) }
  }

  /// The answer with an identifier of its own, by which a request is found again.
  private func identified(_ answer: PlainAnswer) -> PlainAnswer {
    var answer = answer
    answer.headers.append(("x-amzn-RequestId", StableNames(seed: UInt64.random(in: 0 ... .max)).uuid("request")))
    return answer
  }

  private func routed(_ request: PlainRequest) throws(AppMeshFailure) -> PlainAnswer {
    let path = request.segments
    guard path.first == "v20190125" else {
      guard request.method == "POST", path.isEmpty else {
        throw AppMeshFailure(404, "UnknownOperationException", "there is no such operation")
      }
      if let target = request.header("X-Amz-Target"), target.hasPrefix("Route53AutoNaming_v20170314.") {
        _ = try AppMeshSignature.key(of: request, for: ["servicediscovery"])
        guard target.hasSuffix(".DiscoverInstances") else {
          throw AppMeshFailure(400, "UnknownOperationException", "of Cloud Map only DiscoverInstances is served here")
        }
        return .json(try discover(try Self.body(request)))
      }
      if let target = request.header("X-Amz-Target") {
        _ = try AppMeshSignature.key(of: request, for: ["monitoring"])
        return .json(try watch.answer(target, try Self.body(request)))
      }
      return identity(try AppMeshSignature.key(of: request, for: ["sts"]), request)
    }
    _ = try AppMeshSignature.key(of: request, for: ["appmesh"])
    let rest = path.dropFirst()
    if rest.count == 1, let word = rest.first, ["tags", "tag", "untag"].contains(word) {
      return try tags(word, request)
    }
    guard let place = AppMeshPlace(rest) else {
      throw AppMeshFailure(404, "UnknownOperationException", "there is no such operation")
    }
    if let owner = request["meshOwner"], owner != Self.account {
      throw AppMeshFailure(403, "ForbiddenException", "the mesh of account \(owner) is not shared with \(Self.account)")
    }
    switch (request.method, place.name.isEmpty) {
    case ("GET", true): return .json(try list(place, request))
    case ("GET", false): return .json(try store.describe(place))
    case ("PUT", true):
      let body = try Self.body(request)
      guard let name = body[place.type.nameMember]?.string else {
        throw .badRequest("\(place.type.nameMember) must not be null")
      }
      var made = place
      made.name = name
      if place.type == .mesh { made.mesh = name }
      return .json(try store.create(made, body))
    case ("PUT", false): return .json(try store.update(place, try Self.body(request)))
    case ("DELETE", false): return .json(try store.delete(place))
    default: throw AppMeshFailure(405, "UnknownOperationException", "\(request.method) is not served here")
    }
  }

  private static func body(_ request: PlainRequest) throws(AppMeshFailure) -> JSONValue {
    do throws(JSONError) { return try JSONValue(parsing: request.body) } catch {
      throw AppMeshFailure(400, "SerializationException", "the body is no JSON: \(error)")
    }
  }

  /// A page of a collection: entries name a resource and its version, not what it is.
  private func list(_ place: AppMeshPlace, _ request: PlainRequest) throws(AppMeshFailure) -> JSONValue {
    let limit = request["limit"].map { Int($0) ?? 0 } ?? 100
    guard (1...100).contains(limit) else { throw .badRequest("limit must be between 1 and 100") }
    let all = try store.all(place)
    var start = 0
    if let token = request["nextToken"] {
      guard token.hasPrefix("after-"), let number = Int(token.dropFirst(6)), (0...all.count).contains(number) else {
        throw .badRequest("nextToken is not valid")
      }
      start = number
    }
    let end = min(start + limit, all.count)
    let entries = all[start..<end].map { json -> JSONValue in
      var entry = json["metadata"] ?? [:]
      entry["uid"] = nil
      for member in json.object?.members ?? [] where member.name.hasSuffix("Name") { entry[member.name] = member.value }
      return entry
    }
    var page: JSONValue = [:]
    page[place.type.collection] = .array(entries)
    if end < all.count { page["nextToken"] = .string("after-\(end)") }
    return page
  }

  private func tags(_ word: String, _ request: PlainRequest) throws(AppMeshFailure) -> PlainAnswer {
    guard let arn = request["resourceArn"], store.has(arn) else {
      throw AppMeshFailure(404, "NotFoundException", "there is no resource \(request["resourceArn"] ?? "")")
    }
    switch (request.method, word) {
    case ("GET", "tags"):
      let list = store.tags(of: arn).map { ["key": .string($0.key), "value": .string($0.value)] as JSONValue }
      return .json(["tags": .array(list)])
    case ("PUT", "tag"): store.setTags(of: arn, AppMeshStore.tags(try Self.body(request)["tags"]))
    case ("PUT", "untag"):
      store.removeTags(of: arn, (try Self.body(request)["tagKeys"]?.array ?? []).compactMap(\.string))
    default: throw AppMeshFailure(405, "UnknownOperationException", "\(request.method) is not served here")
    }
    return .json([:])
  }

  /// What STS answers to the one question that is asked here: who one is.
  private func identity(_ key: String, _ request: PlainRequest) -> PlainAnswer {
    let fields = String(decoding: request.body, as: UTF8.self).split(separator: "&")
    guard fields.contains("Action=GetCallerIdentity") else {
      return AppMeshFailure(400, "InvalidAction", "only GetCallerIdentity is served here").answer
    }
    let text = """
      <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>\
      <Arn>arn:aws:iam::\(Self.account):user/embedded</Arn><UserId>AIDAEMBEDDED</UserId>\
      <Account>\(Self.account)</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
      """
    return PlainAnswer(status: 200, contentType: "text/xml", body: Array(text.utf8))
  }
}
