import Foundation
import MeshModel

/// A place among Service Fabric's resources: collections and names in turn, the last name missing for a collection.
struct ServiceFabricPlace: Sendable, Hashable {
  /// The collections on the way, in lower case, such as `applications`, `services`, `replicas`.
  var collections: [String] = []
  var names: [String] = []

  var isCollection: Bool { names.count < collections.count }

  /// The place that the segments of a path name.
  init(_ path: some Collection<String>) throws(ServiceFabricFailure) {
    for (index, part) in path.enumerated() {
      if index % 2 == 0 { collections.append(part.lowercased()) } else { names.append(part) }
    }
    let known = [["applications", "services", "replicas"], ["networks"], ["gateways"]]
    guard known.contains(where: { $0.starts(with: collections) }), !collections.isEmpty else {
      throw ServiceFabricFailure(
        404, "InvalidResourceType", "there is no resource type \(collections.joined(separator: "/"))")
    }
  }

  /// The place of a document of a scenario, told by its members.
  init(of document: JSONValue) throws(ServiceFabricFailure) {
    let properties = document["properties"]
    guard let name = document["name"]?.string else {
      throw ServiceFabricFailure(400, "InvalidResourceName", "a document has no name")
    }
    let collection =
      properties?["sourceNetwork"] != nil ? "gateways" : properties?["services"] != nil ? "applications" : "networks"
    try self.init([collection, name])
  }
}

extension [UInt8] {
  /// The bytes in the letters of URLs, without padding. Source: RFC 4648, 5.
  var base64URL: String {
    Data(self).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }
}
