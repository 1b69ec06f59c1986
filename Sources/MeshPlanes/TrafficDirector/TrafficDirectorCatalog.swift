import MeshModel
import MeshTransport

/// The resources of a project as last read; lists hold them whole, so that reading is one request a page.
///
/// What instances are healthy costs a request for each group of each backend service; it is asked for at most once a
/// minute, so that a large mesh stays far below Compute Engine's quotas (1,500 reads a minute and region by default).
actor TrafficDirectorCatalog {
  private let client: TrafficDirectorClient
  private let location: String
  private var groups: [String: [TrafficDirectorGroup]] = [:]
  private var groupsReadAt: Duration?
  private var groupsOf: [String: String] = [:]
  private var last: (reading: Reading, at: Duration)?
  private var number: String?

  /// How long the health of instances counts as known.
  static let healthInterval = Duration.seconds(60)

  init(_ client: TrafficDirectorClient, location: String) {
    self.client = client
    self.location = location
  }

  /// Everything of some kinds that was read, and why a kind could not be.
  struct Reading: Sendable {
    var objects: [TrafficDirectorKind: [NativeObject]] = [:]
    /// Why a kind is not there: denied, or its API is not enabled.
    var gaps: [TrafficDirectorKind: MeshError] = [:]
    /// The regions that did not answer, for kinds that were read of the others.
    var partial: [TrafficDirectorKind: String] = [:]
    /// The groups of each backend service by its name.
    var groups: [String: [TrafficDirectorGroup]] = [:]
  }

  /// Reads kinds; one that is denied or not enabled is a gap and does not hide the others.
  func read(_ kinds: Set<TrafficDirectorKind>, instances: Bool = true) async throws(MeshError) -> Reading {
    var reading = Reading()
    let ordered = TrafficDirectorKind.allCases.filter { kinds.contains($0) }
    let width = 4
    for start in stride(from: 0, to: ordered.count, by: width) {
      for list in await lists(Array(ordered[start..<min(start + width, ordered.count)])) {
        if let error = list.error {
          guard error.code == .forbidden || error.code == .notFound else { throw error }
          reading.gaps[list.kind] = error
          continue
        }
        reading.objects[list.kind] = list.objects.sorted { $0.ref < $1.ref }
        if !list.unreachable.isEmpty {
          reading.partial[list.kind] = "no answer from \(list.unreachable.joined(separator: ", "))"
        }
      }
    }
    keepThoseOfTheMesh(&reading)
    if instances, let services = reading.objects[.backendService] {
      try await readGroups(of: services)
      reading.groups = groups
    }
    return reading
  }

  /// The backend services and their groups as read within the last minute.
  func recent() async throws(MeshError) -> Reading {
    let now = client.clock.now()
    if let last, now - last.at < Self.healthInterval { return last.reading }
    let reading = try await read(Set(TrafficDirectorKind.allCases.filter { $0.layer != nil } + [.backendService]))
    last = (reading, now)
    return reading
  }

  /// The number by which Google knows the project; `nil` where one may not ask.
  func projectNumber() async -> String? {
    if let number { return number }
    let path = "/v1/projects/\(PercentCoding.encode(client.project))"
    let answer = try? await client.get(client.resources, path, what: "ask for the project's number")
    number = answer?["projectNumber"]?.string ?? answer?["projectNumber"]?.int.map(String.init)
    return number
  }

  /// One kind as listed.
  private struct List: Sendable {
    var kind: TrafficDirectorKind
    var objects: [NativeObject] = []
    var unreachable: [String] = []
    var error: MeshError?
  }

  private func lists(_ kinds: [TrafficDirectorKind]) async -> [List] {
    let (client, location) = (self.client, self.location)
    return await withTaskGroup(of: List.self) { group in
      for kind in kinds { group.addTask { await Self.list(kind, location, client) } }
      var lists: [List] = []
      for await list in group { lists.append(list) }
      return lists
    }
  }

  private static func list(
    _ kind: TrafficDirectorKind, _ location: String, _ client: TrafficDirectorClient
  ) async -> List {
    // Backend services of meshes are global; those of regions are others'.
    let place = kind == .backendService ? "global" : location
    let path = TrafficDirectorName(kind: kind, location: place, id: "").collectionPath(project: client.project)
    let isCompute = kind.api == .compute
    var list = List(kind: kind)
    do throws(MeshError) {
      let (entries, unreachable) = try await client.list(
        client.session(kind.api), path, member: isCompute ? "items" : kind.collection,
        sizeParameter: isCompute ? "maxResults" : "pageSize",
        query: kind.hasPartialLists ? [("returnPartialSuccess", "true")] : [], what: "list \(kind.collection)")
      list.objects = entries.compactMap { NativeObject(trafficDirector: $0, client: client) }
      list.unreachable = unreachable.map { TrafficDirectorReference($0)?.location ?? $0 }
    } catch {
      list.error = error
    }
    return list
  }

  /// Leaves out the backend services of load balancers that are no meshes, unless a route leads to them.
  private func keepThoseOfTheMesh(_ reading: inout Reading) {
    guard let services = reading.objects[.backendService] else { return }
    var named: Set<String> = []
    for kind in TrafficDirectorKind.allCases where kind.layer != nil {
      for native in reading.objects[kind] ?? [] {
        for rule in native.json["rules"]?.array ?? [] {
          for destination in rule["action"]?["destinations"]?.array ?? [] {
            if let id = destination["serviceName"]?.string.flatMap(TrafficDirectorReference.init)?.id {
              named.insert(id)
            }
          }
        }
      }
    }
    reading.objects[.backendService] = services.filter {
      $0.json["loadBalancingScheme"]?.string == "INTERNAL_SELF_MANAGED" || named.contains($0.json["name"]?.string ?? "")
    }
  }

  private func readGroups(of services: [NativeObject]) async throws(MeshError) {
    let now = client.clock.now()
    var fingerprints: [String: String] = [:]
    for service in services { fingerprints[service.json["name"]?.string ?? ""] = service.version }
    if let groupsReadAt, now - groupsReadAt < Self.healthInterval, fingerprints == groupsOf { return }
    let found = try await TrafficDirectorGroups(client: client).read(services)
    groups = found
    groupsOf = fingerprints
    groupsReadAt = now
  }
}

extension NativeObject {
  /// A resource as Google gives it; the time of its last change is its version, of a backend service its fingerprint.
  ///
  /// Only Compute Engine lets a write depend on the version.
  init?(trafficDirector json: JSONValue, client: TrafficDirectorClient, ref: ObjectRef? = nil) {
    guard let name = TrafficDirectorName(of: json) else { return nil }
    let isCompute = name.kind.api == .compute
    self.init(
      ref: ref ?? name.ref(plane: client.plane), path: name.path(project: client.project), json: json,
      version: json[isCompute ? "fingerprint" : "updateTime"]?.string ?? "",
      uid: json[isCompute ? "id" : "createTime"]?.string ?? "")
  }
}
