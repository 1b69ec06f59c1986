extension SchemaText {
  /// The fields of ShardingSphere-on-Cloud's kinds, from the schemas of its custom resource definitions.
  static let shardingSphere = #"""
    $ShardingSphere.ComputeNode = {spec:{bootstrap:{agentConfig:{plugins:*},logbackConfig:s,serverConfig:{authority:*,
      mode:*,props:*}},env:[*],imagePullSecrets:[{name:s}],portBindings:[{containerPort:i,hostIP:s,name:s,nodePort:i,
      protocol:s,servicePort:i}],probes:*,replicas:i,resources:*,selector:{matchExpressions:[{key!:s,operator!:s,
      values:[s]}],matchLabels:<s>},serverVersion:s,serviceType:e(ClusterIP|NodePort|LoadBalancer|ExternalName),
      storageNodeConnector:{type!:s,version!:s}},status:*}
    $ShardingSphere.StorageNode = {spec:{replicas:i,schema:s,storageProviderName:s},status:*}
    """#
}
