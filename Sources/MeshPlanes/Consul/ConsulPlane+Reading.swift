public import MeshModel
import MeshTransport

extension ConsulPlane {
  /// Reads the kinds once: the catalog service by service, configuration entries kind by kind.
  public func read(
    _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError) {
    let ofCatalog: Set<ObjectKind> = ["namespace", "service", "workload", "endpoint", "instance", "upstreams"]
    let entries = Set(ConsulKind.allCases.filter { Self.isWanted($0, of: kinds) })
    let needsCatalog = kinds.map { !$0.isDisjoint(with: ofCatalog) } ?? true
    guard needsCatalog || !entries.isEmpty else { return }
    await receive(try await changes(entries, catalog: needsCatalog))
  }

  private static func isWanted(_ kind: ConsulKind, of kinds: Set<ObjectKind>?) -> Bool {
    guard let kinds else { return true }
    if kinds.contains(kind.rawValue) { return true }
    switch kind {
    case .splitter, .router, .httpRoute, .tcpRoute: return kinds.contains("route")
    // What services speak and which instances subsets select is told by these.
    case .proxyDefaults, .serviceDefaults, .resolver: return kinds.contains("service") || kinds.contains("workload")
    case .ingressGateway, .apiGateway, .terminatingGateway: return kinds.contains("gateway")
    case .mesh, .jwtProvider, .intentions, .exportedServices, .samenessGroup: return false
    }
  }

  /// The whole state, and again whenever a blocking query tells of news.
  public func changes() -> AsyncStream<[MeshChange]> {
    AsyncStream { continuation in
      let task = Task {
        var backoff = Backoff()
        var hasRead = false
        let (news, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let watches = Self.watched.map { path in Task { await watch(path, signal) } }
        signal.yield()
        for await _ in news {
          var pause = Duration.seconds(1)
          let begun = clock.now()
          do throws(MeshError) {
            continuation.yield(try await changes(Set(ConsulKind.allCases), catalog: true))
            // What takes long to read is read less often, however fast it changes.
            pause = max(pause, min((clock.now() - begun) * 5, .seconds(60)))
            backoff.succeeded(at: clock.now())
            hasRead = true
          } catch {
            let state: FeedState =
              error.code == .forbidden && !hasRead ? .refused(error.message) : .stale(error.description, now)
            continuation.yield([.feed(MeshSnapshot.FeedKey(plane: name, kind: ConsulKind.splitter.rawValue), state)])
            pause = max(pause, backoff.failed(at: clock.now(), random: Double.random(in: 0..<1)))
            signal.yield()
          }
          do { try await clock.sleep(for: pause) } catch { break }
        }
        for watch in watches { watch.cancel() }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// What blocking queries are put to: one a table of the servers.
  private static let watched =
    ["/v1/catalog/services", "/v1/health/state/any", "/v1/peerings"]
    + [
      ConsulKind.proxyDefaults, .mesh, .serviceDefaults, .resolver, .splitter, .router, .intentions, .apiGateway,
      .httpRoute,
    ].map { "/v1/config/\($0.rawValue)" }

  /// Asks for news of one table until it is cancelled.
  private func watch(_ path: String, _ signal: AsyncStream<Void>.Continuation) async {
    var index = ConsulIndex()
    var backoff = Backoff()
    while !Task.isCancelled {
      var pause = Duration.zero
      let begun = clock.now()
      do throws(MeshError) {
        let isFirst = index.value == 0
        let answer = try await client.get(
          path, namespace: namespace, index: index.value, what: "follow \(path.dropFirst(4))")
        switch index.take(answer.index) {
        case .changed: if !isFirst { signal.yield() }
        case .unchanged: if index.value <= 1 { pause = .seconds(5) }
        case .reset:
          signal.yield()
          pause = .seconds(1)
        }
        // What answers at once all the same, as a gateway that knows no waiting, is not asked without end.
        if !isFirst, clock.now() - begun < .seconds(1) { pause = max(pause, .seconds(1)) }
        backoff.succeeded(at: clock.now())
      } catch {
        // A kind that these servers do not know has no news, and neither has what they do not serve.
        if error.isUnknownKind || error.code == .notFound { return }
        pause = max(.seconds(1), backoff.failed(at: clock.now(), random: Double.random(in: 0..<1)))
      }
      if pause > .zero { do { try await clock.sleep(for: pause) } catch { return } }
    }
  }

  /// Reads one entry now.
  public func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject {
    guard let entry = ConsulName(ref, hasNamespaces: try await hasNamespaces()) else { throw unknown(ref) }
    let answer = try await client.get(
      entry.path, namespace: entry.namespace, what: "read \(entry.kind.rawValue) \(entry.name)", object: ref)
    guard let native = NativeObject(consul: answer.json, plane: name) else {
      throw MeshError(.malformed, "the answer is no configuration entry", plane: name, object: ref)
    }
    return native
  }

  /// Reads the entries of a kind in one namespace or all.
  public func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
    guard let entry = ConsulKind(rawValue: kind) else {
      throw MeshError(
        .notFound, "Consul has no kind \(kind)", plane: name,
        remedy: "its kinds are \(configurationKinds.joined(separator: ", "))")
    }
    var result: [NativeObject] = []
    for space in try await spaces() where namespace == nil || namespace == space ?? ConsulName.defaultNamespace {
      let answer = try await client.get("/v1/config/\(entry.rawValue)", namespace: space, what: "list \(kind)")
      result += (answer.json.array ?? []).compactMap { NativeObject(consul: $0, plane: name) }
      // The one entry of a kind is of no namespace: it is read once.
      if entry.fixedName != nil { break }
    }
    return result
  }

  func unknown(_ ref: ObjectRef) -> MeshError {
    MeshError(
      .notFound, "Consul has no \(ref.kind) of this name", plane: name, object: ref,
      remedy: "its kinds are \(configurationKinds.joined(separator: ", "))")
  }

  /// Whether the server has namespaces: the Enterprise edition's answers, and its version, say so.
  func hasNamespaces() async throws(MeshError) -> Bool { try await spaces().contains { $0 != nil } }

  /// The namespaces to read; one without a name where the server has none.
  func spaces() async throws(MeshError) -> [String?] {
    if let namespace { return [namespace] }
    do throws(MeshError) {
      let answer = try await client.get("/v1/namespaces", what: "list namespaces")
      let names = (answer.json.array ?? []).compactMap { $0["Name"]?.string }
      return names.isEmpty ? [nil] : names
    } catch  where error.code == .notFound || error.code == .refused {
      // The community edition does not serve this.
      return [nil]
    }
  }

  private func changes(_ kinds: Set<ConsulKind>, catalog: Bool) async throws(MeshError) -> [MeshChange] {
    var byKind: [ObjectKind: [Entity]] = [:]
    var gaps: [ObjectKind: FeedState] = [:]
    var peers: [ConsulPeering] = []
    if catalog {
      do throws(MeshError) { peers = try await peerings() } catch  where error.code == .forbidden {
        gaps["peering"] = .refused(error.message)
      }
    }
    for space in try await spaces() {
      let reading = try await reading(kinds, catalog: catalog, peers: peers, namespace: space)
      for (kind, entities) in reading.entities(plane: name) { byKind[kind, default: []] += entities }
      gaps.merge(reading.gaps) { $1 }
    }
    var changes = byKind.sorted { $0.key < $1.key }.map { kind, entities -> MeshChange in
      .reset(MeshSnapshot.FeedKey(plane: name, kind: kind), entities)
    }
    for kind in byKind.keys.sorted() {
      changes.append(.feed(MeshSnapshot.FeedKey(plane: name, kind: kind), .live(now)))
    }
    for (kind, gap) in gaps.sorted(by: { $0.key < $1.key }) {
      changes.append(.feed(MeshSnapshot.FeedKey(plane: name, kind: kind), gap))
    }
    if catalog { changes.append(.mesh(name, try await settings())) }
    return changes
  }

  /// One namespace: a kind of entry that is denied or not served is a gap and hides nothing else.
  func reading(
    _ kinds: Set<ConsulKind>, catalog: Bool, peers: [ConsulPeering] = [], namespace: String?
  ) async throws(MeshError) -> ConsulReading {
    var reading = ConsulReading(namespace: namespace)
    for kind in ConsulKind.allCases where kinds.contains(kind) {
      do throws(MeshError) {
        let answer = try await client.get(
          "/v1/config/\(kind.rawValue)", namespace: namespace, what: "list \(kind.rawValue)")
        reading.entries[kind] = answer.json.array ?? []
      } catch  where error.isUnknownKind {
        // Servers older than a kind have none of it.
        reading.entries[kind] = []
      } catch  where [.forbidden, .notFound, .refused].contains(error.code) {
        reading.gaps[kind.rawValue] = error.code == .forbidden ? .refused(error.message) : .absent(error.message)
      }
    }
    guard catalog else { return reading }
    let services = try await client.get("/v1/catalog/services", namespace: namespace, what: "list services")
    var instances: [ConsulInstance] = []
    for service in services.json.object?.names.sorted() ?? [] where service != "consul" {
      instances += try await self.instances(service, namespace: namespace)
    }
    reading.instances = instances
    for peer in peers {
      for service in peer.services(in: namespace).sorted() {
        let found = try await imported(service, of: peer, namespace: namespace, gaps: &reading.gaps)
        reading.imports.append(found)
      }
    }
    for service in Set(instances.filter(\.isTransparent).map(\.destination)).sorted() {
      let topology = try await answered("upstreams", &reading.gaps) { () async throws(MeshError) in
        try await client.get(
          "/v1/internal/ui/service-topology/\(ConsulName.encoded(service))", query: [("kind", "")],
          namespace: namespace, what: "read the topology of \(service)")
      }
      reading.upstreams[service] = (topology?.json["Upstreams"]?.array ?? []).compactMap { upstream in
        upstream["Name"]?.string.map { ConsulPeering.named($0, peer: upstream["PeerName"]?.string) }
      }
    }
    for resolver in reading.entries[.resolver] ?? [] {
      guard let service = resolver["Name"]?.string else { continue }
      for subset in resolver["Subsets"]?.object?.members ?? [] {
        // The server evaluates the filter itself, so that no expression is understood otherwise here.
        let filter = subset.value["Filter"]?.string ?? ""
        let chosen = try await answered("workload", &reading.gaps) { () async throws(MeshError) in
          try await self.instances(service, filter: filter, namespace: namespace)
        }
        reading.subsets[service, default: [:]][subset.name] = Set((chosen ?? []).map(\.key))
      }
    }
    return reading
  }

  /// What the servers answer to one question of many. What they refuse is a gap of a kind and hides nothing else; without an
  /// answer the reading fails whole, so that what was known stays.
  private func answered<Value>(
    _ kind: ObjectKind, _ gaps: inout [ObjectKind: FeedState], _ question: () async throws(MeshError) -> Value
  ) async throws(MeshError) -> Value? {
    do throws(MeshError) { return try await question() } catch  where error.code == .notFound {
      return nil
    } catch  where [.forbidden, .refused].contains(error.code) {
      gaps[kind] = .stale(error.message, now)
      return nil
    }
  }

  private func instances(
    _ service: String, filter: String = "", peer: String? = nil, namespace: String?
  ) async throws(MeshError) -> [ConsulInstance] {
    var query: [(String, String?)] = filter.isEmpty ? [] : [("filter", filter)]
    if let peer { query.append(("peer", peer)) }
    let answer = try await client.get(
      "/v1/health/service/\(ConsulName.encoded(service))", query: query, namespace: namespace,
      what: "read the instances of \(service)")
    return (answer.json.array ?? []).compactMap(ConsulInstance.init)
  }

  /// A service of a peer: its instances, and what it speaks, which the peer tells with its proxies.
  ///
  /// Source: hashicorp/consul, `agent/structs/structs.go`, `PeeringServiceMeta`.
  private func imported(
    _ service: String, of peer: ConsulPeering, namespace: String?, gaps: inout [ObjectKind: FeedState]
  ) async throws(MeshError) -> ConsulImport {
    let found = try await answered("instance", &gaps) { () async throws(MeshError) in
      try await instances(service, peer: peer.name, namespace: namespace)
    }
    let proxies = try await answered("service", &gaps) { () async throws(MeshError) in
      try await client.get(
        "/v1/health/connect/\(ConsulName.encoded(service))", query: [("peer", peer.name)], namespace: namespace,
        what: "read the proxies of \(service) of peer \(peer.name)")
    }
    let spoken = (proxies?.json.array ?? []).lazy.compactMap {
      $0["Service"]?["Connect"]?["PeerMeta"]?["Protocol"]?.string
    }
    return ConsulImport(
      peer: peer, service: service, instances: found ?? [], protocolName: spoken.first?.lowercased() ?? "tcp")
  }

  /// The trust domain, where the certificate authority tells it.
  private func settings() async throws(MeshError) -> MeshSettings {
    var settings = MeshSettings(rootNamespace: ConsulName.defaultNamespace)
    settings.domain = "consul"
    do throws(MeshError) {
      let roots = try await client.get("/v1/connect/ca/roots", what: "read the certificate authority")
      settings.trustDomain = roots.json["TrustDomain"]?.string ?? "consul"
    } catch  where [.forbidden, .refused, .notFound].contains(error.code) {
      settings.trustDomain = "consul"
    }
    return settings
  }
}

extension MeshError {
  /// Whether the servers are too old to know a kind of entry. Source: hashicorp/consul, `agent/structs/config_entry.go`,
  /// `MakeConfigEntry`.
  fileprivate var isUnknownKind: Bool { code == .refused && message.contains("invalid config entry kind") }
}
