import MeshModel

/// The neutral things that one configuration entry stands for.
struct ConsulEntryReader {
  let json: JSONValue
  let plane: PlaneName

  func entities() -> [Entity] {
    guard let name = ConsulName(of: json) else { return [] }
    let ref = name.ref(plane: plane)
    switch name.kind {
    case .splitter: return [.route(splitter(name, ref))]
    case .router: return [.route(ConsulRouterReader(json: json, name: name).route(ref, version: version))]
    case .httpRoute, .tcpRoute:
      return [.route(ConsulGatewayRouteReader(json: json, name: name).route(ref, version: version))]
    case .resolver: return [.destination(resolver(name, ref))]
    case .intentions: return [.accessPolicy(intentions(name, ref))]
    case .proxyDefaults, .serviceDefaults: return [.mtlsPolicy(mutualTLS(name, ref))]
    case .ingressGateway, .apiGateway, .terminatingGateway: return [.gateway(gateway(name, ref))]
    case .mesh, .jwtProvider, .exportedServices, .samenessGroup: return []
    }
  }

  private var version: String { json["ModifyIndex"]?.int.map(String.init) ?? "" }

  private func splitter(_ name: ConsulName, _ ref: ObjectRef) -> Route {
    let splits = json["Splits"]?.array ?? []
    let destinations = splits.map { split in
      (service: Self.text(split["Service"]) ?? name.name, subset: Self.text(split["ServiceSubset"]))
    }
    let backends = splits.enumerated().map { index, split -> Backend in
      let (service, subset) = destinations[index]
      let usual = service == name.name ? subset ?? service : subset.map { "\(service)/\($0)" } ?? service
      return Backend(
        name: usual, host: service, subset: subset, weight: ConsulWeights.hundredths(split["Weight"]),
        pointer: JSONPointer(["Splits"]).appending(index))
    }
    let rule = Rule(layer: .http, backends: backends, pointer: JSONPointer(["Splits"]))
    return Route(
      ref: ref, dialect: .consul, apiVersion: "consul/v1", hosts: [name.name], rules: [rule], version: version)
  }

  private func resolver(_ name: ConsulName, _ ref: ObjectRef) -> DestinationPolicy {
    let subsets = (json["Subsets"]?.object?.members ?? []).map { subset in
      DestinationPolicy.Subset(
        name: subset.name, labels: [ConsulReading.label(subset: subset.name): "member"],
        settings: DestinationPolicy.TrafficSettings(),
        pointer: JSONPointer(["Subsets"]).appending(subset.name))
    }
    var settings = DestinationPolicy.TrafficSettings(loadBalancer: Self.text(json["LoadBalancer"]?["Policy"]))
    var words: [String] = []
    if let redirect = json["Redirect"], redirect.object?.isEmpty == false {
      words.append("redirects to \(Self.place(redirect, else: name.name))")
    }
    for failover in json["Failover"]?.object?.members ?? [] {
      let targets = failover.value["Targets"]?.array ?? []
      let places = targets.isEmpty ? [failover.value] : targets
      let list = places.map { Self.place($0, else: name.name) }.joined(separator: ", ")
      words.append("\(failover.name == "*" ? "" : "subset \(failover.name) ")fails over to \(list)")
    }
    if let timeout = Self.text(json["ConnectTimeout"]) { words.append("connects within \(timeout)") }
    settings.connectionPool = words.isEmpty ? nil : words.joined(separator: "; ")
    return DestinationPolicy(
      ref: ref, host: name.name, subsets: subsets, settings: settings, version: version, apiVersion: "consul/v1")
  }

  private static func place(_ json: JSONValue, else name: String) -> String {
    var place = text(json["Service"]) ?? name
    if let subset = text(json["ServiceSubset"]) { place += "/\(subset)" }
    if let peer = text(json["Peer"]) { place += " of peer \(peer)" }
    let others = (json["Datacenters"]?.array ?? []).compactMap(\.string) + [text(json["Datacenter"])].compactMap(\.self)
    return others.isEmpty ? place : "\(place) in \(others.joined(separator: ", "))"
  }

  private func intentions(_ name: ConsulName, _ ref: ObjectRef) -> AccessPolicy {
    let sources = json["Sources"]?.array ?? []
    let providers = (json["JWT"]?["Providers"]?.array ?? []).compactMap { Self.text($0["Name"]) }
    let rules =
      providers.map { "asks for a token of \($0)" }
      + sources.map { source -> String in
        let caller = Self.text(source["Name"]) ?? "?"
        let peer = Self.text(source["Peer"]).map { " of peer \($0)" } ?? ""
        let permissions = source["Permissions"]?.array ?? []
        guard !permissions.isEmpty else { return "\(source["Action"]?.string ?? "?") \(caller)\(peer)" }
        let list = permissions.map(Self.permission).joined(separator: ", ")
        return "\(caller)\(peer): \(list)"
      }
    let denies = sources.allSatisfy { $0["Action"]?.string == "deny" }
    return AccessPolicy(
      ref: ref, selector: name.name == "*" ? [:] : [ConsulReading.serviceLabel: name.name],
      action: denies ? "DENY" : "ALLOW", rules: rules,
      principals: sources.compactMap { source in
        Self.text(source["Name"]).map { ConsulPeering.named($0, peer: Self.text(source["Peer"])) }
      })
  }

  private static func permission(_ permission: JSONValue) -> String {
    let http = permission["HTTP"]
    let methods = (http?["Methods"]?.array ?? []).compactMap(\.string).joined(separator: "|")
    let path =
      text(http?["PathExact"]) ?? text(http?["PathPrefix"]).map { "\($0)*" }
      ?? text(http?["PathRegex"]).map { "~\($0)" }
    let headers = (http?["Header"]?.array ?? []).compactMap { text($0["Name"]) }.map { "header \($0)" }
    let words = [permission["Action"]?.string ?? "?", methods, path ?? ""] + headers
    return words.filter { !$0.isEmpty }.joined(separator: " ")
  }

  private func mutualTLS(_ name: ConsulName, _ ref: ObjectRef) -> MTLSPolicy {
    let mode: MTLSMode =
      switch json["MutualTLSMode"]?.string {
      case "permissive": .permissive
      case "strict": .strict
      default: .unset
      }
    return MTLSPolicy(
      ref: ref, selector: name.kind == .proxyDefaults ? [:] : [ConsulReading.serviceLabel: name.name], mode: mode,
      version: version, apiVersion: "consul/v1")
  }

  private func gateway(_ name: ConsulName, _ ref: ObjectRef) -> Gateway {
    var listeners = (json["Listeners"]?.array ?? []).enumerated().map { index, listener in
      let services = (listener["Services"]?.array ?? []).flatMap { service in
        let hosts = (service["Hosts"]?.array ?? []).compactMap(\.string)
        return hosts.isEmpty ? [service["Name"]?.string ?? ""] : hosts
      }
      let tls = listener["TLS"] ?? json["TLS"]
      let isTLS = tls?["Enabled"]?.bool ?? (tls?["Certificates"]?.array?.isEmpty == false)
      return Gateway.Listener(
        port: listener["Port"]?.int ?? 0, transport: (Self.text(listener["Protocol"]) ?? "tcp").uppercased(),
        // A listener of an API gateway that names no host takes any.
        hosts: Self.text(listener["Hostname"]).map { [$0] } ?? (name.kind == .apiGateway ? ["*"] : services),
        tls: isTLS ? "SIMPLE" : nil,
        pointer: JSONPointer(["Listeners"]).appending(index))
    }
    if name.kind == .terminatingGateway {
      listeners = [
        Gateway.Listener(
          port: 0, transport: "TCP", hosts: (json["Services"]?.array ?? []).compactMap { $0["Name"]?.string }, tls: nil,
          pointer: JSONPointer(["Services"]))
      ]
    }
    return Gateway(
      ref: ref, selector: [ConsulReading.serviceLabel: name.name], listeners: listeners,
      status: ConsulStatus.reports(json["Status"]))
  }

  /// A text that says anything.
  static func text(_ json: JSONValue?) -> String? { json?.string.flatMap { $0.isEmpty ? nil : $0 } }
}
