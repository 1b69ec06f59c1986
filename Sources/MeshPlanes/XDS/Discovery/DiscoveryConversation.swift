import MeshMessages
import MeshModel
import SwiftProtobuf

/// One side of a discovery stream: what is said first, and what to every answer. It does no I/O.
protocol DiscoveryConversation: Sendable {
  /// What is known so far.
  var resources: XDSResources { get }
  /// The method that is called.
  var method: String { get }

  /// The requests that open a new stream.
  mutating func opening() -> [any SwiftProtobuf.Message]

  /// Takes an answer and gives the requests that follow it, the acknowledgement first.
  mutating func take(_ message: [UInt8], plane: PlaneName) throws(MeshError) -> [any SwiftProtobuf.Message]
}

/// The state of the world: every answer has all resources of its type.
///
/// Everything that came whole is acknowledged, what cannot be shown here too: a refusal would tell the operators of the
/// control plane of an error that there is not.
/// Source: "xDS REST and gRPC protocol", ACK/NACK and resource updates.
struct StateOfTheWorld: DiscoveryConversation {
  let method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
  private(set) var resources: XDSResources
  private let node: XDSNode
  private var nonces: [XDSType: String] = [:]
  private var asked: [XDSType: Set<String>] = [:]
  private var hasIntroducedItself = false

  init(_ resources: XDSResources, node: XDSNode) {
    self.resources = resources
    self.node = node
  }

  mutating func opening() -> [any SwiftProtobuf.Message] {
    var requests: [any SwiftProtobuf.Message] = resources.whole.map { request($0) }
    requests += XDSType.dependent.compactMap { newNames($0) }
    return requests
  }

  mutating func take(_ message: [UInt8], plane: PlaneName) throws(MeshError) -> [any SwiftProtobuf.Message] {
    let response: XDSDiscoveryResponse = try XDSDecoding.message(message, plane: plane)
    guard let type = resources.tables.keys.first(where: { $0.url == response.typeURL }) else {
      resources.noteForeign(response.typeURL, response.resources.count)
      return []
    }
    if !response.controlPlane.identifier.isEmpty { resources.controlPlane = response.controlPlane.identifier }
    var items: [XDSResources.Item] = []
    for any in response.resources {
      switch XDSDecoding.item(any, version: response.versionInfo) {
      case .item(let item):
        items.append(item)
        resources.fault(item.name, nil)
      case .fault(let name, let words): resources.fault(name, words)
      }
    }
    resources.take(type, items, version: response.versionInfo)
    for error in response.resourceErrors {
      resources.update(type, [], absent: [error.resourceName.name: error.errorDetail.message])
    }
    nonces[type] = response.nonce
    return [request(type)] + XDSType.dependent.filter { $0 != type }.compactMap { newNames($0) }
  }

  /// A request for names that others came to name; `nil` where they are those asked for.
  private mutating func newNames(_ type: XDSType) -> (any SwiftProtobuf.Message)? {
    guard resources.isNew(type, asked: asked[type]) else { return nil }
    return request(type)
  }

  private mutating func request(_ type: XDSType) -> XDSDiscoveryRequest {
    var request = XDSDiscoveryRequest()
    if !hasIntroducedItself { request.node = node }
    hasIntroducedItself = true
    request.typeURL = type.url
    request.versionInfo = resources[type].version
    request.responseNonce = nonces[type] ?? ""
    let names = resources[type].wanted ?? []
    request.resourceNames = names.sorted()
    asked[type] = names
    return request
  }
}

/// Incremental discovery: every answer has what changed.
struct Incremental: DiscoveryConversation {
  let method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
  private(set) var resources: XDSResources
  private let node: XDSNode
  private var asked: [XDSType: Set<String>] = [:]
  private var hasIntroducedItself = false

  init(_ resources: XDSResources, node: XDSNode) {
    self.resources = resources
    self.node = node
  }

  mutating func opening() -> [any SwiftProtobuf.Message] {
    var requests: [any SwiftProtobuf.Message] = []
    for type in resources.whole {
      var request = request(type)
      request.initialResourceVersions = resources[type].items.mapValues(\.version)
      requests.append(request)
    }
    return requests + XDSType.dependent.compactMap { newNames($0) }
  }

  mutating func take(_ message: [UInt8], plane: PlaneName) throws(MeshError) -> [any SwiftProtobuf.Message] {
    let response: XDSDeltaDiscoveryResponse = try XDSDecoding.message(message, plane: plane)
    guard let type = resources.tables.keys.first(where: { $0.url == response.typeURL }) else {
      resources.noteForeign(response.typeURL, response.resources.count)
      return []
    }
    if !response.controlPlane.identifier.isEmpty { resources.controlPlane = response.controlPlane.identifier }
    var items: [XDSResources.Item] = []
    for resource in response.resources {
      switch XDSDecoding.item(resource) {
      case .item(let item):
        items.append(item)
        resources.fault(item.name, nil)
      case .fault(let name, let words): resources.fault(name, words)
      }
    }
    resources.update(
      type, items, removed: response.removedResources + response.removedResourceNames.map(\.name),
      absent: Dictionary(
        response.resourceErrors.map { ($0.resourceName.name, $0.errorDetail.message) },
        uniquingKeysWith: { first, _ in first }))
    var acknowledgement = request(type)
    acknowledgement.responseNonce = response.nonce
    return [acknowledgement] + XDSType.dependent.compactMap { newNames($0) }
  }

  /// A request that changes the names asked for; `nil` where they are the same.
  private mutating func newNames(_ type: XDSType) -> (any SwiftProtobuf.Message)? {
    guard resources.isNew(type, asked: asked[type]) else { return nil }
    let wanted = resources[type].wanted ?? []
    let before = asked[type] ?? []
    var request = request(type)
    request.resourceNamesSubscribe = wanted.subtracting(before).sorted()
    request.resourceNamesUnsubscribe = before.subtracting(wanted).sorted()
    if asked[type] == nil {
      request.initialResourceVersions = resources[type].items.mapValues(\.version)
    }
    asked[type] = wanted
    return request
  }

  private mutating func request(_ type: XDSType) -> XDSDeltaDiscoveryRequest {
    var request = XDSDeltaDiscoveryRequest()
    if !hasIntroducedItself { request.node = node }
    hasIntroducedItself = true
    request.typeURL = type.url
    return request
  }
}
