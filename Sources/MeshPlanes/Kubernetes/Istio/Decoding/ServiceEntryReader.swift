import MeshModel

/// A reader of ServiceEntry objects' `spec`.
///
/// Source: Istio API, ServiceEntry: `MESH_EXTERNAL` is the default location, `NONE` the default resolution (the proxy
/// passes connections through to the address the caller asked for).
struct ServiceEntryReader {
  private var hosts: [String] = []
  private var ports: [ServicePort] = []
  private var location = "MESH_EXTERNAL"
  private var resolution = "NONE"
  private var selector: [String: String] = [:]
  private var exportTo: [String] = []
  private var endpoints: [WorkloadEntryReader.Entry] = []

  init() {}

  /// Reads a `spec`.
  mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    var result = self
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "hosts": result.hosts = try reader.texts()
      case "location": result.location = try reader.string()
      case "resolution": result.resolution = try reader.string()
      case "exportTo": result.exportTo = try reader.texts()
      case "workloadSelector": result.selector = try IstioSelectorReader.labels(&reader)
      case "ports": result.ports = try reader.list(Self.port)
      case "endpoints": result.endpoints = try reader.list(WorkloadEntryReader.entry)
      default: try reader.skip()
      }
    }
    self = result
  }

  private static func port(_ reader: inout JSONReader) throws(JSONError) -> ServicePort {
    var port = ServicePort(name: "", port: 0, targetPort: nil, appProtocol: "")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "number": port.port = try reader.int()
      case "name": port.name = try reader.string()
      case "protocol": port.appProtocol = try reader.string()
      case "targetPort": port.targetPort = try reader.int()
      default: try reader.skip()
      }
    }
    port.appProtocol = ApplicationProtocol.name(
      portName: port.name, appProtocol: port.appProtocol, port: port.port)
    return port
  }

  /// The service the object stands for, outside the mesh or VMs inside it, and the instances it names.
  func entities(_ meta: ObjectMetadata, plane: PlaneName) -> [Entity] {
    let ref = meta.ref(.serviceEntry, on: plane)
    let isExternal = location != "MESH_INTERNAL"
    // Either the one or the other (istiod, `ValidateServiceEntry`).
    let named = (selector.isEmpty ? endpoints : []).enumerated().map { index, entry in
      WorkloadEntryReader.entities(entry, at: index, of: ref, runtime: isExternal ? .external : .vm)
    }
    let service = Service(
      ref: ref, hosts: hosts, ports: ports, selector: selector, runtime: isExternal ? .external : .vm,
      role: ApplicationProtocol.role(of: ports), isHeadless: resolution == "NONE", isExternal: isExternal,
      exportTo: exportTo, named: named.isEmpty ? nil : named.compactMap(\.first?.ref))
    return [.service(service)] + named.joined()
  }
}
