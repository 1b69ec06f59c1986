public import MeshModel
import MeshTelemetry

extension HealthRow: ContractItem {
  /// Writes `id plane namespace name runtime role proxy ready total rps errorRate p50ms p95ms p99ms mtlsShare`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", ref.description)
      writer.member("plane", ref.plane)
      writer.member("namespace", ref.namespace)
      writer.member("name", ref.name)
      writer.member("runtime", runtime.rawValue)
      writer.promised("role", role?.rawValue)
      if let uncounted {
        for name in ["proxy", "ready", "total"] {
          writer.name(name)
          writer.object { $0.member("unknown", uncounted) }
        }
      } else {
        writer.member("proxy", (proxy ?? .none).rawValue)
        writer.member("ready", ready)
        writer.member("total", total)
      }
      writer.member("cluster", cluster)
      if let joined {
        writer.name("joined")
        joined.write(to: &writer)
      }
      if let stores {
        writer.name("stores")
        writer.array { writer in for store in stores { store.write(to: &writer) } }
      }
      switch traffic {
      case .known(let sum, _, _): sum.write(to: &writer)
      case .unknown(let reason): TrafficSum.write(unknown: reason, to: &writer)
      }
    }
  }
}

extension StoreTraffic {
  /// Writes `protocol filter operations[name rps failuresPerSecond p99ms] counters`; all rates are a second.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("protocol", kind.rawValue)
      writer.member("filter", filter)
      writer.member("rps", rate)
      writer.name("operations")
      writer.array { writer in
        for operation in operations {
          writer.object { writer in
            writer.member("name", operation.name)
            writer.member("rps", operation.rate)
            writer.promised("failuresPerSecond", operation.failures)
            writer.promised("p99ms", operation.p99ms)
          }
        }
      }
      writer.name("counters")
      writer.array { writer in
        for (name, value) in others.sorted(by: { $0.key < $1.key }) {
          writer.object { writer in
            writer.member("name", name)
            writer.member("perSecond", value)
          }
        }
      }
    }
  }
}

extension TrafficSum {
  /// Writes the numbers; where `latencyIsBound`, the percentiles are those of the slowest of several flows, and those of all
  /// together are at most that.
  func write(to writer: inout JSONWriter) {
    writer.member("rps", rps)
    writer.measured("errorRate", errorRate, else: silence)
    writer.measured("p50ms", p50ms, else: silence)
    writer.measured("p95ms", p95ms, else: silence)
    writer.measured("p99ms", p99ms, else: silence)
    writer.member("latencyIsBound", isLatencyBound)
    writer.measured("bytesPerSecond", bytesPerSecond, else: Self.unmeasured)
    writer.measured("messagesPerSecond", messagesPerSecond, else: Self.unmeasured)
    writer.measured("mtlsShare", mtlsShare, else: n > 0 ? Self.unmeasured : silence)
    writer.member("n", n.rounded())
  }

  /// Writes why nothing of it is known.
  static func write(unknown reason: String, to writer: inout JSONWriter) {
    for name in ["rps", "errorRate", "p50ms", "p95ms", "p99ms", "mtlsShare"] {
      writer.measured(name, nil, else: reason)
    }
  }

  private static let unmeasured = "not measured"

  /// Why it has no share of failures and no latency.
  var silence: String { rps > 0 ? Self.unmeasured : "no requests in the window" }
}

extension TopologyGraph.Link: ContractItem {
  /// Writes `source destination protocol rps errorRate p99ms bytesPerSecond messagesPerSecond mtlsShare n security`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("source", source.description)
      writer.member("destination", destination.description)
      writer.member("service", service)
      writer.member("protocol", transport)
      if declared == nil {
        traffic.write(to: &writer)
      } else {
        TrafficSum.write(unknown: Figures.unmeasured, to: &writer)
      }
      writer.member("security", security) { security, writer in
        writer.strings("serverIdentities", security.serverIdentities)
        writer.name("plain")
        writer.object { writer in
          for (reason, connections) in security.plain.sorted(by: { $0.key < $1.key }) {
            writer.member(reason, connections)
          }
        }
      }
      writer.member("joined", joined)
      writer.member("declaredBy", declared?.description)
      guard isBetweenPlanes else { return }
      // What both ends said, side by side: between clusters they may differ, and that is news.
      writer.name("reported")
      writer.object { writer in
        for report in reports {
          writer.name(report.reporter.rawValue)
          writer.object { writer in
            writer.member("plane", report.plane)
            report.traffic.write(to: &writer)
          }
        }
      }
    }
  }
}

extension ServiceNamesakes {
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("host", host)
      writer.strings("members", members.map(\.description))
      writer.strings("reasons", reasons)
    }
  }
}

extension TopologyGraph {
  /// The graph as JSON: nodes and edges, with the planes it was read from.
  public func json(planes: [PlaneStatus]) -> [UInt8] {
    var writer = JSONWriter(indent: 2)
    writer.object { writer in
      writer.member("apiVersion", "meshdeck/v1")
      writer.member("kind", "Graph")
      writer.name("nodes")
      writer.array { writer in
        for node in nodes {
          writer.object { writer in
            writer.member("id", node.ref.description)
            writer.member("plane", node.ref.plane)
            if !node.clusters.isEmpty { writer.strings("clusters", node.clusters) }
            writer.member("runtime", node.runtime.rawValue)
            writer.member("role", node.role?.rawValue)
            writer.member("proxy", node.proxy?.rawValue)
            writer.member("ready", node.ready)
            writer.member("total", node.total)
          }
        }
      }
      writer.name("edges")
      writer.array { writer in for link in links { link.write(to: &writer) } }
      for (name, groups) in [("joined", joins.joined), ("apart", joins.apart)] where !groups.isEmpty {
        writer.name(name)
        writer.array { writer in for group in groups { group.write(to: &writer) } }
      }
      writer.member("gap", gap)
      writer.planes(planes)
    }
    return writer.drain() + [0x0A]
  }
}

extension MTLSRow: ContractItem {
  /// Writes `id workload namespace port mode programmed observed reasons[]`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", workload.description)
      writer.member("workload", workload.name)
      writer.member("namespace", workload.namespace)
      writer.promised("port", port)
      writer.member("mode", mode.rawValue)
      writer.member("programmed", programmed) { mode, writer in writer.member("mode", mode.rawValue) }
      writer.member("observed", observed) { proportion, writer in
        writer.member("mtlsShare", proportion.share)
        writer.member("n", proportion.n.rounded())
      }
      writer.strings("reasons", reasons.map(\.description))
    }
  }
}

extension MTLSPair: ContractItem {
  /// Writes `client server port policy programmed observed verdict reasons[]`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("client", client.description)
      writer.member("server", server.description)
      writer.member("service", service.description)
      writer.member("port", port)
      writer.member("policy", policy.server.rawValue)
      writer.member("sends", policy.client)
      writer.member("outcome", policy.outcome.rawValue)
      writer.member("programmed", programmed) { programmed, writer in
        writer.member("server", programmed.server.rawValue)
        writer.member("client", programmed.client)
        writer.member("outcome", programmed.outcome.rawValue)
        writer.strings("proxies", programmed.proxies.map(\.description))
      }
      writer.member("observed", observed) { proportion, writer in
        writer.member("mtlsShare", proportion.share)
        writer.member("n", proportion.n.rounded())
      }
      writer.member("rps", rps)
      writer.member("verdict", verdict)
      writer.strings("reasons", policy.reasons.map(\.description))
    }
  }
}

extension Finding: ContractItem {
  /// Writes `code severity id pointer message remedy equivalents[]`.
  public func write(to writer: inout JSONWriter) { writer.value(json) }
}

/// A finding with the mark of whoever ignores it.
public struct ListedFinding: ContractItem {
  /// The finding.
  public var finding: Finding
  /// The mark; `nil` where it is not ignored.
  public var ignored: IgnoredFinding?

  /// A finding and its mark.
  public init(_ finding: Finding, ignored: IgnoredFinding?) { (self.finding, self.ignored) = (finding, ignored) }

  /// Writes what a ``Finding`` writes, and `ignored{by at reason}` where it is ignored.
  public func write(to writer: inout JSONWriter) {
    var json = finding.json
    if let ignored { json["ignored"] = ignored.mark }
    writer.value(json)
  }
}

extension ProxyState: ContractItem {
  /// Writes `id plane workload version connected sync{cds,lds,rds,eds} certificateDaysLeft error`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in writeMembers(to: &writer) }
  }

  func writeMembers(to writer: inout JSONWriter) {
    writer.member("id", ref.description)
    writer.member("plane", ref.plane)
    writer.promised("workload", workload?.description)
    writer.member("version", version)
    writer.member("connected", isConnected)
    writer.name("sync")
    writer.object { writer in
      for type in ConfigType.allCases { writer.promised(type.rawValue, sync[type]?.label) }
    }
    writer.promised("certificateDaysLeft", certificateDaysLeft)
    writer.promised("error", rejection)
  }
}

extension Receipt: ContractItem {
  /// Writes the receipt as ``json`` has it.
  public func write(to writer: inout JSONWriter) { writer.value(json) }
}
