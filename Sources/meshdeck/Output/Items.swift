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
