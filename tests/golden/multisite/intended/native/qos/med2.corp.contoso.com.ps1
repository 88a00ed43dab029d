# The Mediation Server marks the voice it sends. Run as administrator on one of: med2.corp.contoso.com
$query = 'select * from MSFT_SIPMediationServerConfigSetting'
$found = @(Get-WmiObject -Namespace 'root\cimv2' -Query $query)
if ($found.Count -ne 1) { throw "Expected one instance, found $($found.Count): $query" }
if ([string]$found[0].QoSEnabled -ne 'True') {
    $found[0].QoSEnabled = [bool]::Parse('True')
    [void]$found[0].Put()
}
(Get-WmiObject -Namespace 'root\cimv2' -Query $query).QoSEnabled
# Then restart: Mediation Server service
