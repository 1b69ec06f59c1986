import MeshModel

/// A compiled discovery chain as programmed routes: one for the splitter, where the chain has one.
///
/// Source: Consul API documentation, "Discovery Chain": `Nodes` by name, each a router, splitter or resolver, and `Targets`.
struct ConsulChainReader {
  private let chain: JSONValue
  private let ref: ObjectRef

  init(_ chain: JSONValue, of ref: ObjectRef) {
    self.chain = chain
    self.ref = ref
  }

  func routes() -> [ProgrammedRoute] {
    (chain["Nodes"]?.object?.members ?? []).compactMap { node -> ProgrammedRoute? in
      guard node.value["Type"]?.string == "splitter" else { return nil }
      let splitter = node.value["Name"]?.string.map { String($0.prefix { $0 != "." }) } ?? ref.name
      let clusters = (node.value["Splits"]?.array ?? []).map { split -> ProgrammedRoute.Cluster in
        let target = target(split["NextNode"]?.string ?? "")
        return ProgrammedRoute.Cluster(
          host: target.service, subset: target.subset, port: nil,
          weight: ConsulWeights.hundredths(split["Weight"]) ?? 0)
      }
      return ProgrammedRoute(
        proxy: ref, domains: [splitter], name: node.name, origin: "discovery chain", clusters: clusters)
    }
  }

  private func target(_ node: String) -> (service: String, subset: String?) {
    let id = chain["Nodes"]?[node]?["Resolver"]?["Target"]?.string ?? ""
    let target = chain["Targets"]?[id]
    let service = ConsulPeering.named(target?["Service"]?.string ?? "", peer: target?["Peer"]?.string)
    return (service, ConsulEntryReader.text(target?["ServiceSubset"]))
  }
}
