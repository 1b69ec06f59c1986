import MeshModel

/// A reader of DestinationRule objects' `spec`.
struct DestinationRuleReader {
  private var policy = DestinationPolicy(ref: ObjectRef(plane: "", namespace: "", kind: "", name: ""), host: "")

  init() {}

  /// Reads a `spec`.
  mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    var result = policy
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "host": result.host = try reader.string()
      case "trafficPolicy": result.settings = try Self.settings(&reader)
      case "exportTo": result.exportTo = InternedIstio.lists.one(try reader.texts())
      case "workloadSelector": result.workloadSelector = try IstioSelectorReader.labels(&reader)
      case "subsets":
        try reader.array { reader throws(JSONError) in
          let pointer = RulePlaces.subset(result.subsets.count)
          var subset = DestinationPolicy.Subset(
            name: "", labels: [:], settings: DestinationPolicy.TrafficSettings(), pointer: pointer)
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "name": subset.name = try reader.string()
            case "labels": subset.labels = InternedIstio.labels.one(try reader.stringMap())
            case "trafficPolicy": subset.settings = try Self.settings(&reader)
            default: try reader.skip()
            }
          }
          result.subsets.append(subset)
        }
      default: try reader.skip()
      }
    }
    policy = result
  }

  /// The policy the object stands for.
  func policy(_ meta: ObjectMetadata, plane: PlaneName, apiVersion: String) -> DestinationPolicy {
    var result = policy
    result.ref = meta.ref(.destinationRule, on: plane)
    result.createdAt = meta.createdAt
    result.version = meta.version
    result.apiVersion = apiVersion
    return result
  }

  private static func settings(_ reader: inout JSONReader) throws(JSONError) -> DestinationPolicy.TrafficSettings {
    var result = DestinationPolicy.TrafficSettings()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "tls": result.tls = try tls(&reader)
      case "loadBalancer": result.loadBalancer = try TrafficPolicyWords.loadBalancer(&reader)
      case "outlierDetection": result.outlierDetection = try TrafficPolicyWords.outlierDetection(&reader)
      case "connectionPool": result.connectionPool = try TrafficPolicyWords.connectionPool(&reader)
      case "portLevelSettings":
        try reader.array { reader throws(JSONError) in
          var port: Int?
          var mode: ClientTLSMode?
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "port":
              try reader.object { key, reader throws(JSONError) in
                switch key {
                case "number": port = try reader.int()
                default: try reader.skip()
                }
              }
            case "tls": mode = try tls(&reader)
            default: try reader.skip()
            }
          }
          guard let port else { return }
          if let mode { result.ports[port] = mode } else { result.portsWithoutTLS.insert(port) }
        }
      default: try reader.skip()
      }
    }
    return result
  }

  /// Reads a ClientTLSSettings; an absent mode is `DISABLE`, the first value of the enumeration.
  private static func tls(_ reader: inout JSONReader) throws(JSONError) -> ClientTLSMode? {
    if try reader.readNull() { return nil }
    var mode = ClientTLSMode.disable
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "mode": mode = ClientTLSMode(rawValue: try reader.string()) ?? mode
      default: try reader.skip()
      }
    }
    return mode
  }
}
