import MeshModel

/// The way requests for one service take through routers, splitters and resolvers.
///
/// Source: hashicorp/consul, `agent/consul/discoverychain/compile.go`: a router's or splitter's destination that names a
/// subset goes to the resolver; one that does not goes through the splitter of the service it names, if that is another.
struct ConsulChain {
  /// An end of the way.
  struct Target: Hashable {
    var service: String
    var subset: String
  }

  /// A target and its part of the requests, in hundredths of a percent multiplied along the way: 1 is all.
  struct Share {
    var target: Target
    var share: Double
  }

  let service: String
  private let entries: ConsulEntries

  init(_ service: String, _ entries: ConsulEntries) {
    self.service = service
    self.entries = entries
  }

  /// The routes of the router in order; none where there is no router.
  var routes: [JSONValue] { entries["service-router", service]?["Routes"]?.array ?? [] }

  /// The shares of a route's destination; of the requests that no route takes where `nil`.
  func shares(_ destination: JSONValue?) throws(ConsulFailure) -> [Share] {
    let subset = destination?["ServiceSubset"]?.string ?? ""
    let name = Self.named(destination, else: service)
    return subset.isEmpty ? try split(name, 1, []) : [Share(target: try resolved(name, subset, []), share: 1)]
  }

  /// Everything requests may end at; fails as Consul fails to compile the chain.
  func targets() throws(ConsulFailure) -> Set<Target> {
    let isAdvanced = entries["service-router", service] != nil || entries["service-splitter", service] != nil
    let spoken = entries.protocolName(of: service)
    var result = Set(try shares(nil).map(\.target))
    for route in routes {
      guard let destination = route["Destination"] else { continue }
      result.formUnion(try shares(destination).map(\.target))
    }
    for target in result.sorted(by: { $0.service < $1.service }) where target.service != service {
      let other = entries.protocolName(of: target.service)
      guard other == spoken else {
        throw ConsulFailure(
          500,
          "discovery chain \"\(service)\" uses inconsistent protocols; service \"\(target.service)\" has \"\(other)\""
            + " which is not \"\(spoken)\"")
      }
    }
    guard !isAdvanced || ["http", "http2", "grpc"].contains(spoken) else {
      throw ConsulFailure(
        500,
        "discovery chain \"\(service)\" uses a protocol \"\(spoken)\" that does not permit advanced routing or splitting"
          + " behavior")
    }
    return result
  }

  private func split(_ name: String, _ share: Double, _ seen: Set<String>) throws(ConsulFailure) -> [Share] {
    guard !seen.contains(name) else {
      throw ConsulFailure(500, "detected circular reference: \((seen.sorted() + [name]).joined(separator: " -> "))")
    }
    guard let splits = entries["service-splitter", name]?["Splits"]?.array else {
      return [Share(target: try resolved(name, "", []), share: share)]
    }
    var result: [Share] = []
    for split in splits {
      let (next, subset) = (Self.named(split, else: name), split["ServiceSubset"]?.string ?? "")
      let part = share * Double(ConsulRules.hundredths(split["Weight"])) / 10_000
      if next != name, subset.isEmpty {
        result += try self.split(next, part, seen.union([name]))
      } else {
        result.append(Share(target: try resolved(next, subset, []), share: part))
      }
    }
    return result
  }

  private func resolved(_ name: String, _ subset: String, _ seen: Set<String>) throws(ConsulFailure) -> Target {
    guard seen.count < 32, !seen.contains("\(name)/\(subset)") else {
      throw ConsulFailure(500, "detected circular resolver redirect: \(name)")
    }
    let resolver = entries["service-resolver", name]
    if let redirect = resolver?["Redirect"], redirect.object?.isEmpty == false {
      return try resolved(
        Self.named(redirect, else: name), redirect["ServiceSubset"]?.string ?? "", seen.union(["\(name)/\(subset)"]))
    }
    let chosen = subset.isEmpty ? resolver?["DefaultSubset"]?.string ?? "" : subset
    guard chosen.isEmpty || resolver?["Subsets"]?[chosen] != nil else {
      throw ConsulFailure(500, "service \"\(name)\" does not have a subset named \"\(chosen)\"")
    }
    return Target(service: name, subset: chosen)
  }

  private static func named(_ json: JSONValue?, else name: String) -> String {
    json?["Service"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? name
  }
}
