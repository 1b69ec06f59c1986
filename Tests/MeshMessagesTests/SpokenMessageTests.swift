import Foundation
import MeshMessages
import MeshModel
import SwiftProtobuf
import Testing

/// The messages that are spoken, by generated code, against the definitions by which messages are shown: one cannot have
/// another number or type than the other.
@Suite("Messages that are spoken") struct SpokenMessageTests {
  /// What the generated code makes of a message in the usual JSON, and what the definitions make of its bytes.
  private static func compare<Message: SwiftProtobuf.Message>(
    _ type: Message.Type, _ text: String, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let message = try Message(jsonString: text)
    let bytes: [UInt8] = try message.serializedBytes()
    let shown = try MessageJSON.value(of: Message.protoMessageName, bytes)
    var options = JSONEncodingOptions()
    options.preserveProtoFieldNames = true
    let json: [UInt8] = try message.jsonUTF8Bytes(options: options)
    let spoken = try JSONValue(parsing: json)
    #expect(shown.isEquivalent(to: spoken), "\(JSONWriter.text(shown))", sourceLocation: location)
    #expect(!JSONWriter.text(shown).contains("field "), sourceLocation: location)
  }

  private static let node = """
    {"id": "a", "cluster": "b", "metadata": {"k": [1, "x"]}, "locality": {"region": "r", "zone": "z", "sub_zone": "s"},
     "user_agent_name": "u", "user_agent_build_version": {"version": {"major_number": 1, "minor_number": 2, "patch": 3}},
     "client_features": ["f"]}
    """
  private static let status = #"{"code": 3, "message": "m"}"#

  @Test("requests and answers of discovery")
  func discovery() throws {
    try Self.compare(
      XDSDiscoveryRequest.self,
      #"{"version_info": "1", "node": \#(Self.node), "resource_names": ["a", "b"], "type_url": "t", "response_nonce": "n", "error_detail": \#(Self.status)}"#
    )
    try Self.compare(
      XDSDiscoveryResponse.self,
      #"{"version_info": "1", "canary": true, "type_url": "t", "nonce": "n", "control_plane": {"identifier": "i"}, "resource_errors": [{"resource_name": {"name": "x"}, "error_detail": \#(Self.status)}]}"#
    )
    try Self.compare(
      XDSDeltaDiscoveryRequest.self,
      #"{"node": \#(Self.node), "type_url": "t", "resource_names_subscribe": ["a"], "resource_names_unsubscribe": ["b"], "initial_resource_versions": {"a": "1"}, "response_nonce": "n", "error_detail": \#(Self.status)}"#
    )
    try Self.compare(
      XDSDeltaDiscoveryResponse.self,
      #"{"system_version_info": "1", "resources": [{"name": "a", "resource_name": {"name": "x"}, "aliases": ["b"], "version": "2", "ttl": "3s"}], "type_url": "t", "removed_resources": ["c"], "removed_resource_names": [{"name": "d"}], "nonce": "n", "control_plane": {"identifier": "i"}}"#
    )
  }

  @Test("client status")
  func clientStatus() throws {
    try Self.compare(
      XDSClientStatusRequest.self, #"{"node": \#(Self.node), "exclude_resource_contents": true}"#)
    try Self.compare(
      XDSClientStatusResponse.self,
      #"{"config": [{"node": \#(Self.node), "client_scope": "s", "xds_config": [{"status": "STALE", "client_status": "CLIENT_NACKED", "cluster_config": {"version_info": "1"}}], "generic_xds_configs": [{"type_url": "t", "name": "n", "version_info": "1", "last_updated": "2026-01-02T03:04:05Z", "config_status": "ERROR", "client_status": "NACKED", "error_state": {"details": "d", "version_info": "2", "last_update_attempt": "2026-01-02T03:04:05Z"}, "is_static_resource": true}]}]}"#
    )
  }
}
