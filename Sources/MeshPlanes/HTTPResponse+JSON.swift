import MeshModel
import MeshTransport

extension HTTPResponse {
  /// The JSON of the body; null where it is empty. A write that was taken, and whose answer is no JSON, is to be read back.
  func json(
    _ what: String, plane: PlaneName, object: ObjectRef?, isWrite: Bool = false
  ) throws(MeshError) -> JSONValue {
    if body.isEmpty { return .null }
    do throws(JSONError) { return try JSONValue(parsing: body) } catch {
      throw MeshError(
        isWrite ? .unknownOutcome : .malformed, "\(what): \(error)", plane: plane, object: object, underlying: error)
    }
  }
}
