/// An object exactly as its control plane sent it: unknown fields, order and number spelling kept.
public struct NativeObject: Sendable, Hashable {
  /// Its identity.
  public var ref: ObjectRef
  /// The path of its resource on the control plane, as requests name it.
  public var path: String
  /// The whole object.
  public var json: JSONValue
  /// The version the plane gave it (resourceVersion, ModifyIndex, etag): the precondition of an edit.
  public var version: String
  /// The identity that a deleted and recreated object does not share (Kubernetes' `metadata.uid`); empty where there is none.
  public var uid: String

  /// Creates a native object.
  public init(ref: ObjectRef, path: String, json: JSONValue, version: String, uid: String = "") {
    self.ref = ref
    self.path = path
    self.json = json
    self.version = version
    self.uid = uid
  }
}
