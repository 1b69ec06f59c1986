import MeshMessages
import MeshModel
import SwiftProtobuf

/// Reading of resources as they are sent: one message of any type each, or one wrapped with its name.
enum XDSDecoding {
  /// A resource, or why it could not be read.
  enum Outcome {
    case item(XDSResources.Item)
    case fault(name: String, words: String)
  }

  private static let wrapper = "envoy.service.discovery.v3.Resource"

  /// A resource of the state of the world; `version` is that of the answer.
  static func item(_ any: Google_Protobuf_Any, version: String) -> Outcome {
    if MessageJSON.name(ofURL: any.typeURL) == wrapper,
      let resource = try? XDSResource(serializedBytes: any.value)
    {
      return item(resource)
    }
    return item(any, name: nil, version: version)
  }

  /// A resource of an incremental answer.
  static func item(_ resource: XDSResource) -> Outcome {
    let name = resource.name.isEmpty ? resource.resourceName.name : resource.name
    return item(resource.resource, name: name.isEmpty ? nil : name, version: resource.version)
  }

  private static func item(_ any: Google_Protobuf_Any, name: String?, version: String) -> Outcome {
    do throws(MessageJSON.Fault) {
      let json = try MessageJSON.value(any)
      // A resource of another type than was asked for, such as one of the second version of the API.
      if let words = json["unknown"]?.string, !MessageJSON.knows(typeURL: any.typeURL) {
        return .fault(name: name ?? any.typeURL, words: "\(MessageJSON.name(ofURL: any.typeURL)): \(words)")
      }
      return .item(XDSResources.Item(name: name ?? self.name(of: json), version: version, json: json))
    } catch {
      return .fault(name: name ?? any.typeURL, words: error.description)
    }
  }

  /// The name a resource gives itself: load assignments name their cluster, Istio's objects have theirs in the metadata.
  static func name(of json: JSONValue) -> String {
    json["name"]?.string ?? json["cluster_name"]?.string ?? json["metadata"]?["name"]?.string ?? ""
  }

  /// The message for a message's name, or an error in words.
  static func message<Message: SwiftProtobuf.Message>(
    _ bytes: [UInt8], plane: PlaneName
  ) throws(MeshError) -> Message {
    do { return try Message(serializedBytes: bytes) } catch {
      throw MeshError(
        .malformed, "the control plane sent \(bytes.count) bytes that are no \(Message.protoMessageName)", plane: plane,
        underlying: error)
    }
  }
}

extension XDSSettings.Node {
  /// What this program calls itself.
  static let agent = "meshdeck"

  /// The node as it is sent.
  var message: XDSNode {
    var node = XDSNode()
    node.id = id
    node.cluster = cluster
    node.userAgentName = Self.agent
    if let metadata = try? Google_Protobuf_Struct(jsonUTF8Bytes: JSONWriter.bytes(metadata)) {
      node.metadata = metadata
    }
    return node
  }

  /// The node as REST discovery sends it.
  var json: JSONValue {
    ["id": .string(id), "cluster": .string(cluster), "metadata": metadata, "user_agent_name": .string(Self.agent)]
  }
}
