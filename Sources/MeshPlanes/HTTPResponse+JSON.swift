import MeshModel
import MeshTransport

extension HTTPResponse {
  /// The JSON of the body; null where it is empty.
  func json(_ what: String, plane: PlaneName, object: ObjectRef?) throws(MeshError) -> JSONValue {
    if body.isEmpty { return .null }
    do throws(JSONError) { return try JSONValue(parsing: body) } catch {
      throw MeshError(.malformed, "\(what): \(error)", plane: plane, object: object, underlying: error)
    }
  }
}
