public import MeshModel
import MeshPlanes

extension Split: ContractItem {
  /// Writes `id plane dialect namespace name kind host rule backends[]`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", route.description)
      writer.member("plane", route.plane)
      writer.member("dialect", dialect.rawValue)
      writer.member("namespace", route.namespace)
      writer.member("name", route.name)
      writer.member("kind", route.kind)
      writer.member("host", host)
      writer.member("rule", rule)
      writer.name("backends")
      writer.array { writer in for backend in backends { backend.write(to: &writer, in: dialect) } }
      writer.strings("owners", owners.map { "\($0.tool) \($0.name)" })
    }
  }
}

extension SplitBackend {
  func write(to writer: inout JSONWriter, in dialect: Dialect) {
    writer.object { writer in
      writer.member("name", name)
      writer.member("host", host)
      writer.member("desired", desired) { desired, writer in
        writer.name("weight")
        writer.value(.number(dialect.text(ofWeight: desired.weight)))
        writer.member("share", desired.share)
      }
      writer.member("programmed", programmed) { programmed, writer in
        writer.name("weight")
        writer.value(.number(dialect.text(ofWeight: programmed.weight)))
        writer.member("share", programmed.share)
        writer.member("proxies", programmed.proxies)
        writer.member("acknowledged", programmed.acknowledged)
      }
      writer.member("observed", traffic) { traffic, writer in
        switch share {
        case .known(let proportion, _, _):
          writer.member("share", proportion.share)
          writer.member("low", proportion.low)
          writer.member("high", proportion.high)
          writer.member("n", proportion.n.rounded())
        case .unknown(let reason):
          for name in ["share", "low", "high"] {
            writer.name(name)
            writer.object { $0.member("unknown", reason) }
          }
          writer.member("n", traffic.n.rounded())
        }
        writer.member("rps", traffic.rps)
        writer.measured("errorRate", traffic.errorRate, else: traffic.silence)
        writer.measured("p99ms", traffic.p99ms, else: traffic.silence)
        writer.member("latencyIsBound", traffic.isLatencyBound)
      }
      writer.member("ready", ready)
      writer.member("total", total)
      writer.member("verdict", verdict.description)
    }
  }
}
