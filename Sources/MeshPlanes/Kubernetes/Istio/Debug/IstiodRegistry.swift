import MeshModel

/// What istiod's registry holds, from `registryz` and `endpointz` of each replica.
///
/// Both answers grow with the mesh, so they are asked when somebody looks, and are read while they come.
struct IstiodRegistry {
  let dialect: IstioDialect
  let access: any KubernetesAccess

  private var istiod: IstiodDebug { IstiodDebug(dialect: dialect, access: access) }

  /// A service with its endpoints, replica by replica.
  func registration(of service: Service) async -> Known<[Registration]> {
    let hosts = Set(service.hosts)
    let root = await rootNamespace
    async let registry = istiod.ask(
      "/debug/registryz", rootNamespace: root, in: MeshSnapshot(), RegistryReader(hosts: hosts))
    async let endpoints = endpoints(.hosts(hosts), root)
    let (services, gaps) = await registry
    guard !services.isEmpty else { return .unknown(gaps.first ?? "istiod was not asked") }
    let held = Dictionary(await endpoints.answers.map { ($0.replica, $0.value.kept) }) { first, _ in first }
    return .known(
      services.map {
        Registration(replica: $0.replica, services: $0.value.services, endpoints: held[$0.replica] ?? [])
      }, source: "istiod's /debug/registryz and /debug/endpointz", at: access.now)
  }

  /// The endpoints that an instance is, replica by replica.
  func registration(ofInstance instance: ObjectRef) async -> Known<[Registration]> {
    let native: NativeObject
    do throws(MeshError) { native = try await access.native(instance) } catch {
      return .unknown("its address is not known: \(error.message)")
    }
    let addresses = Self.addresses(native.json)
    guard !addresses.isEmpty else { return .unknown("it has no address yet") }
    let (answers, gaps) = await endpoints(.addresses(addresses), await rootNamespace)
    guard !answers.isEmpty else { return .unknown(gaps.first ?? "istiod was not asked") }
    return .known(
      answers.map { Registration(replica: $0.replica, endpoints: $0.value.kept) },
      source: "istiod's /debug/endpointz", at: access.now)
  }

  /// The addresses of a pod, or of a VM's WorkloadEntry.
  private static func addresses(_ json: JSONValue) -> Set<String> {
    let ips = (json["status"]?["podIPs"]?.array ?? []).compactMap { $0["ip"]?.string }
    return Set(ips + [json["status"]?["podIP"]?.string, json["spec"]?["address"]?.string].compactMap(\.self))
  }

  /// How many services and endpoints each replica holds.
  func checks(_ root: String) async -> [PlaneCheck] {
    async let registry = istiod.ask("/debug/registryz", rootNamespace: root, in: MeshSnapshot(), RegistryReader())
    async let endpoints = endpoints(.none, root)
    let (services, gaps) = await registry
    let (held, more) = await endpoints
    let counts = Dictionary(held.map { ($0.replica, $0.value) }) { first, _ in first }
    return services.map { answer in
      let all = answer.value.counts
      let from = all.sorted { $0.key < $1.key }.map { "\($0.value) from \($0.key)" }.joined(separator: ", ")
      var words = [
        "\(answer.replica): registry of \(all.values.reduce(0, +)) services" + (all.isEmpty ? "" : " (\(from))")
      ]
      if let found = counts[answer.replica] {
        for (cluster, count) in found.counts.sorted(by: { $0.key < $1.key }) {
          words.append("\(count) endpoints" + (cluster.isEmpty ? " of no cluster" : " in cluster \(cluster)"))
        }
        if found.unhealthy > 0 { words.append("\(found.unhealthy) of them get no requests") }
      }
      return PlaneCheck(name: "istiod", result: .ok, detail: words.joined(separator: ", "))
    } + Set(gaps + more).sorted().map { PlaneCheck(name: "istiod", result: .warning, detail: $0) }
  }

  private var rootNamespace: String {
    get async { (await dialect.settings(using: access) ?? MeshSettings()).rootNamespace }
  }

  /// `endpointz` is called obsolete: a version without it has `endpointShardz`, which the name stands for since 1.20.
  private func endpoints(
    _ choice: EndpointReader.Choice, _ root: String
  ) async -> (answers: [IstiodDebug.Answer<EndpointReader.Endpoints>], gaps: [String]) {
    let reader = EndpointReader(choice)
    let (answers, gaps) = await istiod.ask(
      "/debug/endpointz", rootNamespace: root, in: MeshSnapshot(), isElsewhere: true, reader)
    guard answers.isEmpty, gaps == [IstiodDebug.nobodyKnows] else { return (answers, gaps) }
    return await istiod.ask("/debug/endpointShardz", rootNamespace: root, in: MeshSnapshot(), reader)
  }
}
