import MeshModel

extension ObjectRef {
  /// A platform's own name as it may stand in an identity: what would be mistaken for a separator is percent-encoded.
  static func escaped(_ name: String) -> String {
    name.replacing("%", with: "%25").replacing("/", with: "%2F").replacing(":", with: "%3A")
  }
}
