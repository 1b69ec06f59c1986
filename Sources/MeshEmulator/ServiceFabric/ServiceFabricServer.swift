import MeshModel

/// Service Fabric's mesh resources over an estate, under both of their base paths: a cluster's `/Resources`, and a resource
/// group of Azure Resource Manager with the token endpoints that go with it.
///
/// Sources: azure-servicefabric 8.2.0.0 (`/Resources`, 6.4-preview); azure-rest-api-specs `servicefabricmesh`
/// 2018-09-01-preview; Azure Resource Manager, "Track asynchronous Azure operations". At a cluster it takes whoever comes;
/// at Azure whoever has a bearer token, such as it gives itself.
struct ServiceFabricServer: EmbeddedPlatform {
  static let kind = Plane.Kind.serviceFabric
  /// The subscription and the group that Azure's paths name.
  static let subscription = "00000000-0000-4000-8000-000000000001"
  static let group = "embedded"

  let estate: Estate
  let store: ServiceFabricStore

  init(_ section: Scenario.Platform, estate: Estate) throws {
    self.estate = estate
    store = ServiceFabricStore(estate: estate)
    for document in section.documents {
      do throws(ServiceFabricFailure) { try store.put(try ServiceFabricPlace(of: document), document) } catch {
        throw ScenarioError(code: .field, file: section.scenario.name, line: 1, message: error.message)
      }
    }
  }

  func setting(address: String, metrics: String) -> JSONValue { ["url": .string(address)] }

  func answer(_ request: PlainRequest) async -> PlainAnswer {
    let path = request.segments
    if path.first?.lowercased() == "resources" {
      do throws(ServiceFabricFailure) { return try cluster(path.dropFirst(), request) } catch {
        return .json(["Error": ["Code": .string(error.code), "Message": .string(error.message)]], status: error.status)
      }
    }
    do throws(ServiceFabricFailure) {
      if let token = try AzureEntrance.token(path, request) { return token }
      return try azure(path, request)
    } catch {
      return .json(["error": ["code": .string(error.code), "message": .string(error.message)]], status: error.status)
    }
  }

  /// A cluster's own base path.
  private func cluster(_ path: some Collection<String>, _ request: PlainRequest) throws(ServiceFabricFailure)
    -> PlainAnswer
  {
    try Self.demand("6.4-preview", of: request)
    let place = try ServiceFabricPlace(path)
    switch request.method {
    case "GET" where place.isCollection: return .json(["ContinuationToken": "", "Items": .array(try store.all(place))])
    case "GET": return .json(try store.get(place))
    case "PUT":
      try store.put(place, try Self.body(request))
      return .json(try store.get(place))
    case "DELETE":
      return PlainAnswer(status: try store.delete(place) ? 200 : 204, body: [])
    default: throw ServiceFabricFailure(405, "MethodNotAllowed", "\(request.method) is not served here")
    }
  }

  /// A resource group's path at Azure Resource Manager.
  private func azure(_ path: [String], _ request: PlainRequest) throws(ServiceFabricFailure) -> PlainAnswer {
    guard request.header("Authorization")?.hasPrefix("Bearer ") == true else {
      throw ServiceFabricFailure(401, "AuthenticationFailed", "the request has no bearer token")
    }
    guard path.count > 1, path[0].lowercased() == "subscriptions" else {
      throw ServiceFabricFailure(404, "ResourceNotFound", "there is nothing at this path")
    }
    guard path[1] == Self.subscription else {
      throw ServiceFabricFailure(404, "SubscriptionNotFound", "the subscription '\(path[1])' could not be found")
    }
    if path.count == 7, path[5] == "operationStatuses" { return operation(path[6]) }
    guard path.count > 5, path[2].lowercased() == "resourcegroups" else {
      throw ServiceFabricFailure(404, "ResourceNotFound", "there is nothing at this path")
    }
    guard path[3] == Self.group else {
      throw ServiceFabricFailure(404, "ResourceGroupNotFound", "Resource group '\(path[3])' could not be found.")
    }
    if path[5] == "Microsoft.Authorization", path.last == "permissions" {
      return .json(["value": [["actions": ["*"], "notActions": []]]])
    }
    guard path[5].lowercased() == "microsoft.servicefabricmesh" else {
      throw ServiceFabricFailure(404, "InvalidResourceNamespace", "the namespace '\(path[5])' is not served here")
    }
    try Self.demand("2018-09-01-preview", of: request)
    let place = try ServiceFabricPlace(path.dropFirst(6))
    switch request.method {
    case "GET" where place.isCollection:
      return .json(["value": .array(try store.all(place).map { dressed($0, place) })])
    case "GET": return .json(dressed(try store.get(place), place))
    case "PUT":
      let isNew = (try? store.get(place)) == nil
      try store.put(place, try Self.body(request))
      return following(.json(dressed(try store.get(place), place), status: isNew ? 201 : 200), place)
    case "DELETE":
      return try store.delete(place)
        ? following(PlainAnswer(status: 202, body: []), place) : PlainAnswer(status: 204, body: [])
    default: throw ServiceFabricFailure(405, "MethodNotAllowed", "\(request.method) is not served here")
    }
  }

  private static func demand(_ version: String, of request: PlainRequest) throws(ServiceFabricFailure) {
    guard request["api-version"] == version else {
      throw ServiceFabricFailure(
        400, "InvalidApiVersionParameter",
        "the api-version '\(request["api-version"] ?? "")' is invalid; it is \(version)")
    }
  }

  private static func body(_ request: PlainRequest) throws(ServiceFabricFailure) -> JSONValue {
    do throws(JSONError) { return try JSONValue(parsing: request.body) } catch {
      throw ServiceFabricFailure(400, "InvalidRequestContent", "the body is no JSON: \(error)")
    }
  }

  /// A resource as Azure gives it: with its identity, its place, and how its last write went.
  private func dressed(_ json: JSONValue, _ place: ServiceFabricPlace) -> JSONValue {
    var place = place
    if place.isCollection { place.names.append(json["name"]?.string ?? json["replicaName"]?.string ?? "") }
    let parts = zip(place.collections, place.names).flatMap { [$0, $1] }
    let root = "/subscriptions/\(Self.subscription)/resourceGroups/\(Self.group)/providers/Microsoft.ServiceFabricMesh/"
    var result: JSONValue = [
      "id": .string(root + parts.joined(separator: "/")),
      "type": .string("Microsoft.ServiceFabricMesh/" + place.collections.joined(separator: "/")),
    ]
    if place.collections.count == 1 { result["location"] = json["location"] ?? "westeurope" }
    for member in json.object?.members ?? [] where result[member.name] == nil { result[member.name] = member.value }
    if place.collections.count == 1 {
      result["properties"]?["provisioningState"] =
        json["properties"]?["status"]?.string == "Failed" ? "Failed" : "Succeeded"
    }
    return result
  }

  /// An answer that names where its operation is followed.
  private func following(_ answer: PlainAnswer, _ place: ServiceFabricPlace) -> PlainAnswer {
    var answer = answer
    let name = "\(place.collections.last ?? "")~\(place.names.last ?? "")"
    let path =
      "/subscriptions/\(Self.subscription)/providers/Microsoft.ServiceFabricMesh/locations/operationStatuses/\(name)"
    answer.headers += [("Azure-AsyncOperation", path + "?api-version=2018-09-01-preview"), ("Retry-After", "0")]
    return answer
  }

  /// How a write went on: gateways that lead nowhere fail.
  private func operation(_ name: String) -> PlainAnswer {
    let parts = name.split(separator: "~", maxSplits: 1).map(String.init)
    let json = parts.count == 2 ? try? store.get(try ServiceFabricPlace(parts)) : nil
    guard json?["properties"]?["status"]?.string == "Failed" else {
      return .json(["name": .string(name), "status": "Succeeded"])
    }
    return .json([
      "name": .string(name), "status": "Failed",
      "error": ["code": "GatewayCreationFailed", "message": json?["properties"]?["statusDetails"] ?? ""],
    ])
  }
}

/// A refusal: a status, a code and words; each base path wraps them in its own way.
struct ServiceFabricFailure: Error, Hashable {
  var status: Int
  var code: String
  var message: String

  init(_ status: Int, _ code: String, _ message: String) {
    (self.status, self.code, self.message) = (status, code, message)
  }
}

/// Where tokens for Azure are had: the token endpoint of any tenant, and an instance's metadata.
enum AzureEntrance {
  /// The answer of a token endpoint; `nil` for a path that is none.
  static func token(_ path: [String], _ request: PlainRequest) throws(ServiceFabricFailure) -> PlainAnswer? {
    if path.count == 4, path[1...] == ["oauth2", "v2.0", "token"], request.method == "POST" {
      let form = String(decoding: request.body, as: UTF8.self).split(separator: "&").map(String.init)
      func field(_ name: String) -> String? {
        form.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
      }
      guard field("grant_type") == "client_credentials", field("client_secret") ?? field("client_assertion") != nil
      else {
        return .json(
          [
            "error": "invalid_client",
            "error_description": "AADSTS7000216: a client_secret or client_assertion is required.",
          ],
          status: 401)
      }
      return issued(to: ["appid": .string(field("client_id") ?? ""), "tid": .string(path[0])])
    }
    if path == ["metadata", "identity", "oauth2", "token"] {
      guard request.header("Metadata") == "true" else {
        return .json(
          ["error": "bad_request_102", "error_description": "Required metadata header not specified"], status: 400)
      }
      return issued(to: ["xms_mirid": "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/embedded"])
    }
    return nil
  }

  private static func issued(to claims: JSONValue) -> PlainAnswer {
    let middle = JSONWriter.bytes(claims).base64URL
    return .json([
      "access_token": .string("eyJhbGciOiJub25lIn0.\(middle).embedded"), "expires_in": 3600, "token_type": "Bearer",
    ])
  }
}
