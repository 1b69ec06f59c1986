import MeshModel

/// A Google project with a mesh in it, as far as Traffic Director is concerned: network services, network security and the
/// part of Compute Engine that backend services are, all below one address.
///
/// Source: google-cloud-network-services 0.10.4, google-cloud-network-security 0.13.4, google-cloud-compute 1.57 (paths,
/// fields, long-running operations); `google.rpc.Status` as JSON for refusals.
struct TrafficDirectorServer: EmbeddedPlatform {
  static let kind = Plane.Kind.trafficDirector

  let estate: Estate
  let resources: TrafficDirectorResources
  let operations: TrafficDirectorOperations
  let project: String
  /// What Cloud Monitoring keeps of the counters.
  let monitored = SeriesHistory()

  init(_ section: Scenario.Platform, estate: Estate) throws {
    self.estate = estate
    project = section.documents.compactMap(Self.project(of:)).first ?? "shop-prod"
    operations = TrafficDirectorOperations(estate: estate, project: project)
    resources = TrafficDirectorResources(estate: estate, project: project)
    for document in section.documents {
      do throws(GoogleRefusal) { try resources.load(document) } catch {
        throw ScenarioError(
          code: .field, file: section.scenario.name, line: 1,
          message: "\(document["name"]?.string ?? ""): \(error.message)")
      }
    }
    try resources.derive()
  }

  /// Has Cloud Monitoring keep the counters, as its collectors do.
  func run() async {
    while !Task.isCancelled {
      monitor()
      try? await Task.sleep(for: .seconds(SeriesHistory.interval))
    }
  }

  private func monitor() { monitored.take(at: estate.clock()) { exposition() } }

  /// An answer of Cloud Monitoring's Prometheus API. Source: Cloud Monitoring API,
  /// `projects.location.prometheus.api.v1`.
  private func monitoring(_ verb: String, _ request: PlainRequest) throws(GoogleRefusal) -> PlainAnswer {
    guard request.method == "GET", ["query", "query_range"].contains(verb) else { throw .notServed }
    monitor()
    return PromQLService(history: monitored, now: estate.clock()).answer(verb, request)
  }

  /// The project that the name of a network resource holds.
  private static func project(of document: JSONValue) -> String? {
    let parts = (document["name"]?.string ?? "").split(separator: "/").map(String.init)
    return parts.count == 6 && parts[0] == "projects" ? parts[1] : nil
  }

  /// Its Envoys are scraped; without `telemetry`, Cloud Monitoring is asked, which stands at the same address.
  func setting(address: String, metrics: String) -> JSONValue {
    ["project": .string(project), "endpoint": .string(address), "telemetry": ["scrape": ["urls": [.string(metrics)]]]]
  }

  func answer(_ request: PlainRequest) async -> PlainAnswer {
    do throws(GoogleRefusal) { return try routed(request) } catch {
      return .json(error.json(isCompute: request.segments.first == "compute"), status: error.status)
    }
  }

  private func routed(_ request: PlainRequest) throws(GoogleRefusal) -> PlainAnswer {
    var path = request.segments
    if path.starts(with: ["compute", "v1", "projects"]), path.count > 4 {
      try check(path[3])
      return try compute(request, Array(path.dropFirst(4)))
    }
    guard path.first == "v1", path.count >= 3, path[1] == "projects" else { throw .notServed }
    path.removeFirst(2)
    // A method of Google's own stands behind the last colon: `projects/p:testIamPermissions`.
    if path.count == 1, let colon = path[0].lastIndex(of: ":") {
      try check(String(path[0][..<colon]))
      return try question(String(path[0][path[0].index(after: colon)...]), request)
    }
    try check(path[0])
    if path.count == 1, request.method == "GET" {
      return .json([
        "projectId": .string(project), "projectNumber": .string(Self.projectNumber), "lifecycleState": "ACTIVE",
      ])
    }
    if path.count == 2, path[1] == "services:batchGet" { return services(request) }
    if path.count == 7, path[1...5].elementsEqual(["location", "global", "prometheus", "api", "v1"]) {
      return try monitoring(path[6], request)
    }
    guard path.count >= 4, path[1] == "locations" else { throw .notServed }
    if path[3] == "operations", path.count == 5, request.method == "GET" {
      return .json(try operations.get("projects/\(path[0])/locations/\(path[2])/operations/\(path[4])"))
    }
    guard let kind = TrafficDirectorCollection(rawValue: path[3]), path.count <= 5 else { throw .notServed }
    return try network(request, kind, location: path[2], id: path.count == 5 ? path[4] : nil)
  }

  /// The number by which Google knows the project.
  static let projectNumber = "1234567890"

  private func check(_ name: String) throws(GoogleRefusal) {
    guard name == project || name == Self.projectNumber else {
      throw GoogleRefusal(
        403, "PERMISSION_DENIED", "Permission denied on resource project \(name) (or it may not exist).")
    }
  }

  private func question(_ method: String, _ request: PlainRequest) throws(GoogleRefusal) -> PlainAnswer {
    guard method == "testIamPermissions", request.method == "POST" else { throw .notServed }
    return .json(["permissions": try Self.body(request)["permissions"] ?? []])
  }

  private func services(_ request: PlainRequest) -> PlainAnswer {
    let names = request.query.filter { $0.name == "names" }.map(\.value)
    return .json(["services": .array(names.map { ["name": .string($0), "state": "ENABLED"] })])
  }

  private func network(
    _ request: PlainRequest, _ kind: TrafficDirectorCollection, location: String, id: String?
  ) throws(GoogleRefusal) -> PlainAnswer {
    switch (request.method, id) {
    case ("GET", nil):
      return .json(try page(resources.list(kind, location: location), kind.rawValue, request, "pageSize"))
    case ("GET", let id?): return .json(try resources.get(kind, location: location, id))
    case ("POST", nil):
      guard let id = request[kind.idParameter] else {
        throw .invalid("\(kind.idParameter) is required.")
      }
      return .json(
        try write("create", kind, id, request) { () throws(GoogleRefusal) in
          try resources.create(kind, location: location, id, try Self.body(request))
        })
    case ("PATCH", let id?):
      let mask = request["updateMask"].map { $0.split(separator: ",").map(String.init) }
      return .json(
        try write("update", kind, id, request) { () throws(GoogleRefusal) in
          try resources.patch(kind, location: location, id, try Self.body(request), mask: mask)
        })
    case ("DELETE", let id?):
      return .json(
        try write("delete", kind, id, request) { () throws(GoogleRefusal) in
          try resources.delete(kind, location: location, id)
        })
    default: throw .notServed
    }
  }

  /// Carries out a write and gives the operation it is; what only the write itself finds wrong is the operation's error.
  private func write(
    _ verb: String, _ kind: TrafficDirectorCollection, _ id: String, _ request: PlainRequest,
    _ body: () throws(GoogleRefusal) -> JSONValue
  ) throws(GoogleRefusal) -> JSONValue {
    do throws(GoogleRefusal) {
      let result = try body()
      return operations.begin(verb, kind.messageType(result), result, error: nil)
    } catch  where error.isLate {
      return operations.begin(verb, nil, .null, error: error)
    }
  }

  /// One page of a list.
  func page(
    _ entries: [JSONValue], _ member: String, _ request: PlainRequest, _ sizeParameter: String
  ) throws(GoogleRefusal) -> JSONValue {
    let size = min(request[sizeParameter].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil } ?? 500, 500)
    var start = 0
    if let token = request["pageToken"], !token.isEmpty {
      guard token.hasPrefix("p"), let number = Int(token.dropFirst()), number >= 0 else {
        throw .invalid("Invalid page token.")
      }
      start = number
    }
    var page: JSONValue = [:]
    let part = entries.dropFirst(start).prefix(size)
    if !part.isEmpty { page[member] = .array(Array(part)) }
    if start + size < entries.count { page["nextPageToken"] = .string("p\(start + size)") }
    return page
  }

  static func body(_ request: PlainRequest) throws(GoogleRefusal) -> JSONValue {
    guard let json = try? JSONValue(parsing: request.body), json.object != nil else {
      throw .invalid("Invalid JSON payload received.")
    }
    return json
  }
}

/// A refusal in Google's words.
struct GoogleRefusal: Error, Hashable {
  var status: Int
  var code: String
  var message: String
  /// Whether it is found only when the write is carried out, so that the operation ends in it.
  var isLate = false

  init(_ status: Int, _ code: String, _ message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  static let notServed = GoogleRefusal(404, "NOT_FOUND", "Method not found.")

  static func invalid(_ message: String) -> GoogleRefusal { GoogleRefusal(400, "INVALID_ARGUMENT", message) }

  static func late(_ message: String) -> GoogleRefusal {
    var refusal = invalid(message)
    refusal.isLate = true
    return refusal
  }

  static func absent(_ name: String) -> GoogleRefusal {
    GoogleRefusal(404, "NOT_FOUND", "Resource '\(name)' was not found")
  }

  /// The answer's body; Compute Engine has a form of its own.
  func json(isCompute: Bool) -> JSONValue {
    var error: JSONValue = ["code": .int(status), "message": .string(message)]
    if isCompute {
      error["errors"] = [["message": .string(message), "domain": "global", "reason": .string(code)]]
    } else {
      error["status"] = .string(code)
    }
    return ["error": error]
  }
}
