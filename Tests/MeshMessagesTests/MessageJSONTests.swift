import Foundation
import MeshMessages
import MeshModel
import SwiftProtobuf
import Testing

/// Messages as JSON by their definitions.
@Suite("Messages as JSON") struct MessageJSONTests {
  private static func varint(_ value: Int) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
  }

  private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(bytes.count) + bytes
  }

  private static func text(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  private static func any(_ type: String, _ bytes: [UInt8]) -> Google_Protobuf_Any {
    var any = Google_Protobuf_Any()
    any.typeURL = "type.googleapis.com/" + type
    any.value = .init(bytes)
    return any
  }

  @Test("weights, wrappers, durations and nested messages have the JSON that a config dump has")
  func readsARoute() throws {
    let weight = Self.text(1, "v1") + Self.field(2, [8, 80])
    let weighted = Self.field(1, weight)
    let action = Self.field(3, weighted) + Self.field(8, [8, 3])
    let route = Self.field(1, Self.text(1, "/")) + Self.field(2, action)
    let host = Self.text(1, "all") + Self.text(2, "*") + Self.field(3, route)
    let bytes = Self.text(1, "web") + Self.field(2, host)
    let json = try MessageJSON.value(Self.any("envoy.config.route.v3.RouteConfiguration", bytes))
    let wanted: JSONValue = [
      "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", "name": "web",
      "virtual_hosts": [
        [
          "name": "all", "domains": ["*"],
          "routes": [
            [
              "match": ["prefix": "/"],
              "route": ["weighted_clusters": ["clusters": [["name": "v1", "weight": 80]]], "timeout": "3s"],
            ]
          ],
        ]
      ],
    ]
    #expect(json == wanted, "\(JSONWriter.text(json))")
  }

  @Test("an extension without a definition is shown by its name and size, a field by its number")
  func showsWhatIsNotDefined() throws {
    let unknown = try MessageJSON.value(Self.any("acme.Secret", [1, 2, 3]))
    #expect(
      unknown == [
        "@type": "type.googleapis.com/acme.Secret", "unknown": "3 bytes of a type that is not defined here",
      ])
    let bytes = Self.text(1, "c") + [0xF8, 0x06, 42] + [0xFA, 0x06, 2, 65, 66]
    let json = try MessageJSON.value(Self.any("envoy.config.cluster.v3.Cluster", bytes))
    #expect(json["field 111"] == [42, ["unknown": "2 bytes of a type that is not defined here"]])
  }

  @Test("the private key of a certificate is not shown")
  func hidesKeys() throws {
    let key = Self.field(3, Array("-----BEGIN PRIVATE KEY-----".utf8))
    let certificate = Self.field(1, Self.text(3, "chain")) + Self.field(2, key)
    let json = try MessageJSON.value(
      Self.any("envoy.extensions.transport_sockets.tls.v3.TlsCertificate", certificate))
    let text = JSONWriter.text(json)
    #expect(text.contains("chain"))
    #expect(!text.contains("PRIVATE") && !text.contains("LS0tLS1CRUdJTi"), "\(text)")
  }

  @Test("an object of Istio has the camel case of its Kubernetes form")
  func readsIstio() throws {
    let percent: [UInt8] = [9, 0, 0, 0, 0, 0, 0, 0x59, 0x40]
    let rule = Self.field(19, percent) + Self.text(17, "main")
    let json = try MessageJSON.value(
      Self.any("istio.networking.v1alpha3.VirtualService", Self.text(1, "reviews") + Self.field(3, rule)))
    #expect(json["hosts"] == ["reviews"])
    #expect(json["http"]?[0]?["name"] == "main")
    #expect(json["http"]?[0]?["mirrorPercentage"]?["value"] == 100)
  }

  @Test("bytes that are no message are refused, wherever they are cut")
  func refusesNoise() throws {
    let whole = Self.text(1, "web") + Self.field(2, Self.text(1, "all") + Self.text(2, "*"))
    for count in 1..<whole.count where count != 5 {
      let any = Self.any("envoy.config.route.v3.RouteConfiguration", Array(whole.prefix(count)))
      #expect(throws: MessageJSON.Fault.self, "\(count)") { try MessageJSON.value(any) }
    }
  }

  @Test("the camel case of a server's JSON becomes the names of the definitions, names of the operator's stay")
  func normalizesNames() throws {
    let sent = try JSONValue(
      parsing:
        #"{"name":"web","virtualHosts":[{"name":"a","routes":[{"route":{"weightedClusters":{"clusters":[{"name":"v1"}]}},"#
        + #""metadata":{"filterMetadata":{"myKey":{"innerKey":1}}}}]}],"somethingElse":1}"#)
    let json = MessageJSON.normalized(
      sent, typeURL: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration")
    let route = json["virtual_hosts"]?[0]?["routes"]?[0]
    #expect(route?["route"]?["weighted_clusters"]?["clusters"]?[0]?["name"] == "v1")
    #expect(route?["metadata"]?["filter_metadata"]?["myKey"]?["innerKey"] == 1)
    #expect(json["somethingElse"] == 1)
  }
}
