import MeshModel

/// A reader of Gateways and ReferenceGrants.
enum GatewayObjectReader {
  /// The entrance a Gateway stands for; its pods carry the label implementations put on them.
  static func gateway(_ parts: ObjectParts, ref: ObjectRef) -> Gateway {
    let listeners = (parts.spec["listeners"]?.array ?? []).enumerated().map { index, item in
      Gateway.Listener(
        port: item["port"]?.int ?? 0, transport: item["protocol"]?.string ?? "",
        hosts: [item["hostname"]?.string ?? "*"],
        tls: item["tls"].map { $0["mode"]?.string ?? "Terminate" },
        pointer: JSONPointer(["spec", "listeners", String(index)]))
    }
    let controller = parts.spec["gatewayClassName"]?.string ?? ""
    var status: [StatusReport] = []
    if parts.status["conditions"] != nil {
      status.append(
        StatusReport(
          controller: controller, conditions: parts.conditions(parts.status), isCurrent: parts.isCurrent(parts.status)))
    }
    for item in parts.status["listeners"]?.array ?? [] {
      status.append(
        StatusReport(
          controller: controller, subject: "listener \(item["name"]?.string ?? "")",
          conditions: parts.conditions(item), isCurrent: parts.isCurrent(item)))
    }
    return Gateway(
      ref: ref, selector: ["gateway.networking.k8s.io/gateway-name": ref.name], listeners: listeners, status: status)
  }

  /// Who may refer into a namespace: `HTTPRoute shop` for routes of that kind and namespace, to kinds or single names.
  static func grant(_ parts: ObjectParts, ref: ObjectRef) -> AccessPolicy {
    let sources = (parts.spec["from"]?.array ?? []).map {
      "\($0["kind"]?.string ?? "") \($0["namespace"]?.string ?? "")"
    }
    let targets = (parts.spec["to"]?.array ?? []).map {
      "\($0["kind"]?.string ?? "")\($0["name"]?.string.map { " \($0)" } ?? "")"
    }
    return AccessPolicy(ref: ref, selector: [:], action: "GRANT", rules: targets, principals: sources)
  }
}
