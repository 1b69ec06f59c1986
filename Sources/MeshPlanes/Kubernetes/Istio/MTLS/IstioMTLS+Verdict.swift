public import MeshModel

extension IstioMTLS {
  /// What comes of calls from a workload to a service's port, and why.
  ///
  /// - Parameter port: The service's port.
  ///
  /// With `server`, only the instances of that workload are looked at.
  public func verdict(
    client: Workload, service: Service, port: Int, subset: String? = nil, server: ObjectRef? = nil
  ) -> MTLSVerdict {
    verdict(client: self.client(client), service: service, port: port, subset: subset, server: server)
  }

  /// What comes of calls from a caller to a service's port, and why.
  ///
  /// Where instances differ, a connection that breaks on some of them decides, since every caller meets it; else the
  /// least protected one, since that is what can be read on the wire.
  public func verdict(
    client: MTLSClient, service: Service, port: Int, subset: String? = nil, server: ObjectRef? = nil
  ) -> MTLSVerdict {
    let (choice, chosen) = choice(client: client, service: service, port: port, subset: subset)
    if service.isExternal { return external(choice, chosen, service: service, port: port) }
    let policies = destinations.policies(
      host: hosts.canonicalHost(of: service), serviceNamespace: service.ref.namespace,
      callerNamespace: client.namespace, callerLabels: client.labels)
    var group: DestinationPolicy.Subset?
    if let subset {
      group = policies.lazy.flatMap(\.subsets).first { $0.name == subset }
      if group == nil {
        let reason = Reason("no DestinationRule that this caller uses defines the subset \(subset)")
        return MTLSVerdict(server: .unset, client: choice.label, outcome: .unknown, reasons: chosen + [reason])
      }
    }
    let found = instances.instances(of: service, subset: group).filter { server == nil || $0.workload == server }
    guard !found.isEmpty else {
      let (mode, reasons) = servers.assumedMode(of: service, port: port)
      let none = Reason("\(service.ref.name) has no instance\(subset.map { " in subset \($0)" } ?? "") to connect to")
      return MTLSVerdict(server: mode, client: choice.label, outcome: .unknown, reasons: chosen + reasons + [none])
    }
    return combined(choice, chosen, found, containerPort: containerPort(of: service, port: port))
  }

  private func combined(
    _ choice: ClientChoice, _ chosen: [Reason], _ found: [Endpoint], containerPort: Int
  ) -> MTLSVerdict {
    struct Group {
      var verdict: MTLSVerdict
      var count: Int
    }
    var groups: [Pair: Group] = [:]
    // Instances of one workload share labels and so the result: ask once for each set of labels.
    var known: [Label: Pair] = [:]
    for endpoint in found {
      let label = Label(
        namespace: endpoint.ref.namespace, labels: endpoint.labels, proxy: endpoint.proxy,
        speaks: endpoint.acceptsMeshTLS)
      if let pair = known[label] {
        groups[pair]?.count += 1
        continue
      }
      let (server, accepting) = accepted(endpoint, port: containerPort)
      var reasons = accepting
      var sent = choice
      if choice == .auto, !endpoint.acceptsMeshTLS, endpoint.proxy != .none {
        // Source: §4.2 step 4: only instances labelled so are known to callers as taking mesh TLS.
        sent = .plaintext
        reasons.append(Reason("\(endpoint.ref.name) is not labelled as taking mesh TLS: auto mTLS sends it plaintext"))
      }
      let pair = Pair(server: server, sent: sent)
      known[label] = pair
      if groups[pair] != nil {
        groups[pair]?.count += 1
        continue
      }
      let (outcome, reason) = EdgeRule.outcome(sent, server)
      let mode: MTLSMode = if case .mode(let mode) = server { mode } else { .disable }
      groups[pair] = Group(
        verdict: MTLSVerdict(
          server: mode, client: choice.label, outcome: outcome, reasons: chosen + reasons + [Reason(reason)]),
        count: 1)
    }
    let order: [MTLSVerdict.Outcome] = [.breaks, .unknown, .plaintext, .applicationTLS, .mtls]
    func rank(_ group: Group) -> Int { order.firstIndex(of: group.verdict.outcome) ?? 0 }
    guard
      let worst = groups.values.min(by: {
        (rank($0), $0.verdict.server.rawValue) < (rank($1), $1.verdict.server.rawValue)
      })
    else {
      return MTLSVerdict(server: .unset, client: choice.label, outcome: .unknown, reasons: chosen)
    }
    var result = worst.verdict
    if groups.count > 1 {
      result.reasons.append(Reason("so it is for \(worst.count) of \(found.count) instances; the others differ"))
    }
    return result
  }

  private struct Pair: Hashable {
    var server: EdgeRule.Server
    var sent: ClientChoice
  }

  private struct Label: Hashable {
    var namespace: String
    var labels: [String: String]
    var proxy: ProxyMode
    var speaks: Bool
  }

  private func external(
    _ choice: ClientChoice, _ chosen: [Reason], service: Service, port: Int
  ) -> MTLSVerdict {
    let protocolName = service.ports.first { $0.port == port }?.appProtocol ?? ""
    let outcome: MTLSVerdict.Outcome
    let reason: String
    switch choice {
    case .rule(.simple), .rule(.mutual):
      (outcome, reason) = (.applicationTLS, "the caller's proxy begins TLS with the server outside the mesh")
    case .rule(.istioMutual):
      (outcome, reason) = (
        .breaks, "the DestinationRule asks for mesh TLS, which a server outside the mesh cannot take"
      )
    default:
      if protocolName == "tls" || protocolName == "https" {
        (outcome, reason) = (.applicationTLS, "the application speaks \(protocolName.uppercased()) itself")
      } else {
        (outcome, reason) = (.plaintext, "the server is outside the mesh and nothing adds TLS")
      }
    }
    return MTLSVerdict(server: .disable, client: choice.label, outcome: outcome, reasons: chosen + [Reason(reason)])
  }
}
