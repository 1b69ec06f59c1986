import MeshModel

/// The compiled way of requests, and who may take it.
extension ConsulServer {
  /// A discovery chain as Consul compiles it: nodes by name and the targets they end at.
  func chain(_ service: String, _ request: PlainRequest) async throws(ConsulFailure) -> PlainAnswer {
    try await blocking(request, index: { max(config.index, catalogIndex) }) { () throws(ConsulFailure) in
      let entries = config.entries
      let chain = ConsulChain(service, entries)
      var nodes = JSONObject()
      var targets = JSONObject()
      func resolver(_ target: ConsulChain.Target) -> String {
        let subset = target.subset.isEmpty ? "" : "\(target.subset)."
        let id = "\(subset)\(target.service).default.default.\(Self.datacenter)"
        targets[id] = [
          "ID": .string(id), "Service": .string(target.service), "ServiceSubset": .string(target.subset),
          "Namespace": "default", "Partition": "default", "Datacenter": .string(Self.datacenter),
          "MeshGateway": [:], "SNI": .string("\(id).internal.\(Self.trustDomain)"),
          "Name": .string("\(id).internal.\(Self.trustDomain)"), "ConnectTimeout": "5s",
        ]
        nodes["resolver:\(id)"] = [
          "Type": "resolver", "Name": .string(id),
          "Resolver": ["ConnectTimeout": "5s", "Target": .string(id)],
        ]
        return "resolver:\(id)"
      }
      func splitter(_ name: String, _ shares: [ConsulChain.Share]) -> String {
        guard entries["service-splitter", name] != nil else {
          return shares.first.map { resolver($0.target) } ?? ""
        }
        let node = "splitter:\(name).default.default"
        nodes[node] = [
          "Type": "splitter", "Name": .string("\(name).default.default"),
          "Splits": .array(
            shares.map { share in
              let hundredths = ProxyView.whole((share.share * 10_000).rounded())
              return [
                "Weight": .double(Double(hundredths) / 100), "NextNode": .string(resolver(share.target)),
              ]
            }),
        ]
        return node
      }
      _ = try chain.targets()
      var start = splitter(service, try chain.shares(nil))
      if !chain.routes.isEmpty {
        var routes: [JSONValue] = []
        for route in chain.routes {
          let shares = try chain.shares(route["Destination"])
          let next =
            route["Destination"]?["ServiceSubset"]?.string?.isEmpty == false
            ? shares.first.map { resolver($0.target) } ?? ""
            : splitter(route["Destination"]?["Service"]?.string ?? service, shares)
          routes.append(["Definition": route, "NextNode": .string(next)])
        }
        routes.append(["Definition": ["Match": ["HTTP": ["PathPrefix": "/"]]], "NextNode": .string(start)])
        start = "router:\(service).default.default"
        nodes[start] = [
          "Type": "router", "Name": .string("\(service).default.default"), "Routes": .array(routes),
        ]
      }
      return [
        "Chain": [
          "ServiceName": .string(service), "Namespace": "default", "Partition": "default",
          "Datacenter": .string(Self.datacenter), "Protocol": .string(entries.protocolName(of: service)),
          "StartNode": .string(start), "Nodes": .object(nodes), "Targets": .object(targets),
        ]
      ]
    }
  }

  /// Who a service calls and who calls it, with what intentions say.
  func topology(_ service: String, _ request: PlainRequest) async throws(ConsulFailure) -> PlainAnswer {
    guard request["kind"] != nil else { throw ConsulFailure(400, "Missing service kind") }
    return try await blocking(request, index: { max(config.index, catalogIndex) }) { () throws(ConsulFailure) in
      let catalog = ConsulCatalog(estate)
      let intentions = ConsulIntentions(config.entries)
      func summary(_ name: String, caller: String, called: String) -> JSONValue {
        let instances = catalog.services.filter { $0.service == name }
        let source = intentions.deciding(caller, called)
        let isAllowed: Bool = if case .deny = intentions.decision(caller, called) { false } else { true }
        return [
          "Name": .string(name), "Datacenter": .string(Self.datacenter),
          "Nodes": .array(instances.map { .string($0.node) }),
          "InstanceCount": .int(instances.count), "ChecksPassing": .int(instances.count { $0.isReady }),
          "ChecksWarning": 0, "ChecksCritical": .int(instances.count { !$0.isReady }),
          "ConnectedWithProxy": .bool(instances.contains { $0.hasSidecar }), "Source": "proxy-registration",
          "Intention": [
            "DefaultAllow": true, "Allowed": .bool(isAllowed),
            "HasPermissions": .bool(source?["Permissions"]?.array?.isEmpty == false), "ExternalSource": "",
            "HasExact": .bool(source != nil && source?["Name"]?.string != "*"),
          ],
        ]
      }
      // Only what is registered in this cluster is told of.
      let called = catalog.services.filter { $0.service == service }.flatMap(\.upstreams).filter(\.peer.isEmpty)
      let upstreams = Set(called.map(\.service)).sorted()
      let own = ConsulCatalog.Upstream(service: service, peer: "")
      let downstreams = Set(catalog.services.filter { $0.upstreams.contains(own) }.map(\.service)).sorted()
      return [
        "Protocol": .string(config.entries.protocolName(of: service)), "TransparentProxy": false,
        "Upstreams": .array(upstreams.map { summary($0, caller: service, called: $0) }),
        "Downstreams": .array(downstreams.map { summary($0, caller: $0, called: service) }), "FilteredByACLs": false,
      ]
    }
  }
}
