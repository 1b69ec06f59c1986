import MeshModel

/// A reader of Gateways, ListenerSets, ReferenceGrants and BackendTLSPolicies.
enum GatewayObjectReader {
  /// The entrance a Gateway stands for, or listeners that a ListenerSet adds to one; the Gateway's pods carry the label
  /// implementations put on them.
  ///
  /// - Parameter gateway: The name of the Gateway.
  static func gateway(_ parts: ObjectParts, ref: ObjectRef, named gateway: String) -> Gateway {
    let listeners = (parts.spec["listeners"]?.array ?? []).enumerated().map { index, item in
      Gateway.Listener(
        port: item["port"]?.int ?? 0, transport: item["protocol"]?.string ?? "",
        hosts: [item["hostname"]?.string ?? "*"],
        tls: item["tls"].map { $0["mode"]?.string ?? "Terminate" },
        certificates: (item["tls"]?["certificateRefs"]?.array ?? []).compactMap { $0["name"]?.string },
        pointer: JSONPointer(["spec", "listeners", String(index)]))
    }
    let controller = parts.spec["gatewayClassName"]?.string ?? gateway
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
      ref: ref, selector: ["gateway.networking.k8s.io/gateway-name": gateway], listeners: listeners, status: status)
  }

  /// How gateways reach the Services a BackendTLSPolicy is for: TLS of their own, by which only the server proves itself.
  ///
  /// Source: Gateway API, BackendTLSPolicy v1 and v1alpha3, which have the same fields here. The first target has the
  /// object's name, further ones its name and theirs.
  static func backendTLS(_ parts: ObjectParts, ref: ObjectRef) -> [DestinationPolicy] {
    let validation = parts.spec["validation"] ?? [:]
    let names = (validation["subjectAltNames"]?.array ?? []).compactMap { $0["uri"]?.string ?? $0["hostname"]?.string }
    let authorities = (validation["caCertificateRefs"]?.array ?? []).compactMap { $0["name"]?.string }
    let trust =
      authorities.isEmpty
      ? validation["wellKnownCACertificates"]?.string.map { "\($0.lowercased()) authorities" } ?? ""
      : "authorities of \(authorities.joined(separator: ", "))"
    let expected = names.isEmpty ? validation["hostname"]?.string ?? "" : names.joined(separator: " or ")
    let words =
      trust.isEmpty ? "certificate of \(expected), no authority named" : "certificate of \(expected) by \(trust)"
    let status = (parts.status["ancestors"]?.array ?? []).map { item in
      StatusReport(
        controller: item["controllerName"]?.string ?? "",
        subject: "for \(item["ancestorRef"]?["name"]?.string ?? "")", conditions: parts.conditions(item),
        isCurrent: parts.isCurrent(item))
    }
    return (parts.spec["targetRefs"]?.array ?? []).enumerated().map { index, target in
      let name = target["name"]?.string ?? ""
      var own = ref
      if index > 0 { own.name += ":\(name)" + (target["sectionName"]?.string.map { ":\($0)" } ?? "") }
      let section = target["sectionName"]?.string.map { "port \($0): " } ?? ""
      return DestinationPolicy(
        ref: own, host: name,
        settings: DestinationPolicy.TrafficSettings(tls: .simple, verification: section + words),
        createdAt: parts.meta.createdAt, version: parts.meta.version, apiVersion: parts.apiVersion, status: status)
    }
  }

  /// The name of the port that one of these policies is for; `nil` where it is for every port.
  static func section(of policy: DestinationPolicy) -> String? {
    let words = policy.settings.verification ?? ""
    guard words.hasPrefix("port "), let end = words.firstIndex(of: ":") else { return nil }
    return String(words[words.index(words.startIndex, offsetBy: 5)..<end])
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
