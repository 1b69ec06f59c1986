import Foundation
import MeshMessages
import MeshModel
import SwiftProtobuf
import Testing

@testable import MeshPlanes

/// What is said on a discovery stream, request by request.
@Suite("Discovery streams") struct DiscoveryConversationTests {
  private static let node = XDSSettings.Node(id: "me", cluster: "edge").message

  private static func listener(_ name: String, routes: [String]) -> Google_Protobuf_Any {
    func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
    func text(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }
    let manager = MessageJSON.name(
      ofURL: "x/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
    let chains = routes.flatMap { route -> [UInt8] in
      var config = Google_Protobuf_Any()
      config.typeURL = "type.googleapis.com/" + manager
      config.value = .init(field(3, text(2, route)))
      let bytes: [UInt8] = (try? config.serializedBytes()) ?? []
      let filter = [4 << 3 | 2] + long(bytes.count) + bytes
      let chain = [3 << 3 | 2] + long(filter.count) + filter
      return [3 << 3 | 2] + long(chain.count) + chain
    }
    return any(XDSType.listeners, text(1, name) + chains)
  }

  private static func long(_ value: Int) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + long(value >> 7)
  }

  private static func any(_ type: XDSType, _ bytes: [UInt8]) -> Google_Protobuf_Any {
    var any = Google_Protobuf_Any()
    any.typeURL = type.url
    any.value = .init(bytes)
    return any
  }

  private static func named(_ type: XDSType, _ name: String) -> Google_Protobuf_Any {
    any(type, [1 << 3 | 2, UInt8(name.utf8.count)] + Array(name.utf8))
  }

  private static func answer(
    _ type: XDSType, version: String, nonce: String, _ resources: [Google_Protobuf_Any]
  ) throws -> [UInt8] {
    var response = XDSDiscoveryResponse()
    response.typeURL = type.url
    response.versionInfo = version
    response.nonce = nonce
    response.resources = resources
    return try response.serializedBytes()
  }

  private static func words(_ messages: [any SwiftProtobuf.Message]) -> [String] {
    messages.map { message in
      if let request = message as? XDSDiscoveryRequest {
        let type = request.typeURL.split(separator: ".").last ?? ""
        #expect(!request.hasErrorDetail)
        return "\(type) \(request.versionInfo) \(request.responseNonce) \(request.resourceNames.joined(separator: ","))"
      }
      guard let request = message as? XDSDeltaDiscoveryRequest else { return "?" }
      let type = request.typeURL.split(separator: ".").last ?? ""
      let known = request.initialResourceVersions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      #expect(!request.hasErrorDetail)
      return "\(type) \(request.responseNonce) +\(request.resourceNamesSubscribe.joined(separator: ","))"
        + " -\(request.resourceNamesUnsubscribe.joined(separator: ",")) \(known.joined(separator: ","))"
    }
  }

  @Test(
    "the state of the world: everything is acknowledged by version and nonce, and names are asked for as they appear")
  func conversesInWholes() throws {
    var talk = StateOfTheWorld(XDSResources(whole: [.listeners, .clusters]), node: Self.node)
    let opening = talk.opening()
    #expect(Self.words(opening) == ["Listener   ", "Cluster   "])
    #expect((opening[0] as? XDSDiscoveryRequest)?.node.id == "me")
    #expect((opening[1] as? XDSDiscoveryRequest)?.hasNode == false)
    var said = try talk.take(
      Self.answer(.listeners, version: "1", nonce: "a", [Self.listener("web", routes: ["shop", "back"])]), plane: "cp")
    #expect(Self.words(said) == ["Listener 1 a ", "RouteConfiguration   back,shop"])
    #expect(talk.resources.missing.count == 2)
    said = try talk.take(
      Self.answer(.routes, version: "r1", nonce: "b", [Self.named(.routes, "shop")]), plane: "cp")
    #expect(Self.words(said) == ["RouteConfiguration r1 b back,shop"])
    // A name that goes is asked for no more; what came by it is dropped.
    said = try talk.take(
      Self.answer(.listeners, version: "2", nonce: "c", [Self.listener("web", routes: ["back"])]), plane: "cp")
    #expect(Self.words(said) == ["Listener 2 c ", "RouteConfiguration r1 b back"])
    #expect(talk.resources[.routes].items.isEmpty)
    // An answer that was under way for it comes late and brings nothing back.
    said = try talk.take(
      Self.answer(.routes, version: "r1", nonce: "b", [Self.named(.routes, "shop")]), plane: "cp")
    #expect(Self.words(said) == ["RouteConfiguration r1 b back"])
    #expect(talk.resources[.routes].items.isEmpty)
    // A resource that is no message of its type is acknowledged like others, and told.
    said = try talk.take(
      Self.answer(.clusters, version: "9", nonce: "d", [Self.any(.clusters, [255])]), plane: "cp")
    #expect(Self.words(said) == ["Cluster 9 d "])
    #expect(talk.resources.faults.count == 1)
    // An answer of a type that was not asked for says nothing.
    let other = XDSType(group: "a", version: "b", kind: "c")
    said = try talk.take(Self.answer(other, version: "1", nonce: "x", []), plane: "cp")
    #expect(said.isEmpty)
    // A stream opened anew begins with all that is known.
    var again = StateOfTheWorld(talk.resources, node: Self.node)
    said = again.opening()
    #expect(Self.words(said) == ["Listener 2  ", "Cluster 9  ", "RouteConfiguration r1  back"])
  }

  @Test("incremental: names are subscribed and left as they come and go, and a new stream tells what is known")
  func conversesInParts() throws {
    func answer(
      _ type: XDSType, _ nonce: String, _ resources: [(String, String, Google_Protobuf_Any)], removed: [String] = []
    ) throws -> [UInt8] {
      var response = XDSDeltaDiscoveryResponse()
      response.typeURL = type.url
      response.nonce = nonce
      response.removedResources = removed
      response.resources = resources.map { name, version, any in
        var resource = XDSResource()
        (resource.name, resource.version, resource.resource) = (name, version, any)
        return resource
      }
      return try response.serializedBytes()
    }
    var talk = Incremental(XDSResources(whole: [.listeners, .clusters]), node: Self.node)
    var said = talk.opening()
    #expect(Self.words(said) == ["Listener  + - ", "Cluster  + - "])
    said = try talk.take(
      answer(.listeners, "a", [("web", "1", Self.listener("web", routes: ["shop"]))]), plane: "cp")
    #expect(Self.words(said) == ["Listener a + - ", "RouteConfiguration  +shop - "])
    said = try talk.take(answer(.routes, "b", [], removed: ["shop"]), plane: "cp")
    #expect(Self.words(said) == ["RouteConfiguration b + - "])
    #expect(talk.resources.absences.first?.contains("shop") == true)
    said = try talk.take(answer(.routes, "c", [("shop", "7", Self.named(.routes, "shop"))]), plane: "cp")
    #expect(talk.resources.absences.isEmpty)
    said = try talk.take(
      answer(.listeners, "d", [("web", "2", Self.listener("web", routes: ["shop", "back"]))]), plane: "cp")
    #expect(Self.words(said) == ["Listener d + - ", "RouteConfiguration  +back - "])
    var again = Incremental(talk.resources, node: Self.node)
    said = again.opening()
    #expect(
      Self.words(said) == [
        "Listener  + - web=2", "Cluster  + - ", "RouteConfiguration  +back,shop - shop=7",
      ])
    said = try talk.take(answer(.listeners, "e", [], removed: ["web"]), plane: "cp")
    #expect(Self.words(said) == ["Listener e + - ", "RouteConfiguration  + -back,shop "])
    #expect(talk.resources.items(.routes).isEmpty)
  }

  @Test("bytes that are no answer end the stream with words")
  func refusesNoise() {
    var talk = StateOfTheWorld(XDSResources(whole: [.clusters]), node: Self.node)
    #expect(throws: MeshError.self) { try talk.take([255, 255], plane: "cp") }
  }
}
