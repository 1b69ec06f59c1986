import MeshModel
import Synchronization

/// The operations that writes are: each takes a moment of simulated time.
final class TrafficDirectorOperations: Sendable {
  private struct Operation {
    var doneAt: Double
    var isCompute: Bool
    var begun: JSONValue
    var ended: JSONValue
  }

  /// The seconds an operation takes.
  private static let duration = 0.2
  /// How many are remembered.
  private static let kept = 500

  private let estate: Estate
  private let project: String
  private let known = Mutex<(order: [String], operations: [String: Operation], count: Int)>(([], [:], 0))

  init(estate: Estate, project: String) {
    self.estate = estate
    self.project = project
  }

  /// The operation of a write that was carried out, or that ends in an error.
  ///
  /// - Parameters:
  ///   - type: The message type of the result, for network services and network security; `nil` for a result without one.
  func begin(
    _ verb: String, _ type: String?, _ result: JSONValue, error: GoogleRefusal?, isCompute: Bool = false
  ) -> JSONValue {
    let now = estate.clock()
    let time = JSONValue.string(Timestamp.text(ProxyView.whole(now)))
    return known.withLock { known in
      known.count += 1
      let id = "operation-\(ProxyView.whole(now * 1000))-\(known.count)"
      let name = isCompute ? id : "projects/\(project)/locations/global/operations/\(id)"
      var begun: JSONValue = ["name": .string(name)]
      if isCompute {
        begun["kind"] = "compute#operation"
        begun["operationType"] = .string(verb)
        begun["insertTime"] = time
        begun["status"] = "RUNNING"
      } else {
        begun["metadata"] = [
          "@type": "type.googleapis.com/google.cloud.networkservices.v1.OperationMetadata", "createTime": time,
          "verb": .string(verb), "apiVersion": "v1",
        ]
        begun["done"] = false
      }
      var ended = begun
      if isCompute {
        ended["status"] = "DONE"
        ended["progress"] = 100
        if let error {
          ended["httpErrorStatusCode"] = .int(error.status)
          ended["error"] = ["errors": [["code": .string(error.code), "message": .string(error.message)]]]
        }
      } else {
        ended["done"] = true
        if let error {
          ended["error"] = ["code": 3, "message": .string(error.message)]
        } else {
          var response = result.object == nil ? [:] : result
          response["@type"] = .string("type.googleapis.com/" + (type ?? "google.protobuf.Empty"))
          ended["response"] = response
        }
      }
      known.operations[name] = Operation(doneAt: now + Self.duration, isCompute: isCompute, begun: begun, ended: ended)
      known.order.append(name)
      if known.order.count > Self.kept { known.operations[known.order.removeFirst()] = nil }
      return begun
    }
  }

  /// An operation as it is now.
  func get(_ name: String) throws(GoogleRefusal) -> JSONValue {
    guard let operation = known.withLock({ $0.operations[name] }) else { throw .absent(name) }
    return estate.clock() >= operation.doneAt ? operation.ended : operation.begun
  }
}
