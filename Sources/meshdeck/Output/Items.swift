import MeshKit

/// A gateway in the contract.
struct GatewayItem: ContractItem {
  let gateway: Gateway

  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", gateway.ref.description)
      writer.member("plane", gateway.ref.plane)
      writer.member("namespace", gateway.ref.namespace)
      writer.member("name", gateway.ref.name)
      writer.name("listeners")
      writer.array { writer in
        for listener in gateway.listeners {
          writer.object { writer in
            writer.member("port", listener.port)
            writer.member("protocol", listener.transport)
            writer.name("hosts")
            writer.array { writer in for host in listener.hosts { writer.string(host) } }
            writer.member("tls", listener.tls)
          }
        }
      }
    }
  }
}

/// The identity a workload proves.
struct IdentityItem: ContractItem {
  let workload: ObjectRef
  let identity: String
  let daysLeft: Int?

  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("workload", workload.description)
      writer.member("identity", identity)
      writer.name("certificateDaysLeft")
      if let daysLeft {
        writer.value(.int(daysLeft))
      } else {
        writer.object { $0.member("unknown", "no proxy of it was asked") }
      }
    }
  }

  /// The identities of meshed workloads: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT` (Istio's form).
  static func all(_ view: MeshView, plane: PlaneName?, namespace: String?) -> [IdentityItem] {
    var accounts: [ObjectRef: String] = [:]
    for endpoint in view.snapshot.endpoints.values where endpoint.proxy != .none && !endpoint.serviceAccount.isEmpty {
      accounts[endpoint.workload] = endpoint.serviceAccount
    }
    var days: [ObjectRef: Int] = [:]
    for proxy in view.programmed.values.flatMap({ $0.value?.proxies ?? [] }) {
      if let workload = proxy.workload, let left = proxy.certificateDaysLeft {
        days[workload] = min(days[workload] ?? left, left)
      }
    }
    return accounts.filter { $0.key.isIn(plane: plane, namespace: namespace) }.sorted { $0.key < $1.key }.map {
      ref, account in
      let domain = view.snapshot.meshes[ref.plane]?.trustDomain ?? "cluster.local"
      return IdentityItem(
        workload: ref, identity: "spiffe://\(domain)/ns/\(ref.namespace)/sa/\(account)", daysLeft: days[ref])
    }
  }
}
