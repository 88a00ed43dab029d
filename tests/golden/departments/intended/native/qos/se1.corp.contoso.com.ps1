# The Standard Edition server marks the media it sends. Run as administrator on one of: se1.corp.contoso.com
$query = 'select * from MSFT_SIPPoolConfigSetting where backend="(local)\\rtc"'
$found = @(Get-WmiObject -Namespace 'root\cimv2' -Query $query)
if ($found.Count -ne 1) { throw "Expected one instance, found $($found.Count): $query" }
if ([string]$found[0].ServerQoSEnabled -ne 'True') {
    $found[0].ServerQoSEnabled = [bool]::Parse('True')
    [void]$found[0].Put()
}
(Get-WmiObject -Namespace 'root\cimv2' -Query $query).ServerQoSEnabled
# Then restart: Media services of the server
