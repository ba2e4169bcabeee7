# The everyday commands that the bare engine lacks, as far as scripts for virtual desktops use them. Each has the parameters that are
# written out here and no others. Scripts written for this shell run in PowerShell as they are; the other way round is not promised.

class ShellOrder : System.Collections.Generic.IComparer[object] {
    [bool] $Descending
    ShellOrder([bool] $descending) { $this.Descending = $descending }
    [int] Compare([object] $left, [object] $right) {
        for ($i = 0; $i -lt $left.Keys.Count; $i++) {
            $a = $left.Keys[$i]
            $b = $right.Keys[$i]
            try { $order = [Management.Automation.LanguagePrimitives]::Compare($a, $b, $true) }
            catch { $order = [string]::Compare("$a", "$b", [StringComparison]::CurrentCultureIgnoreCase) }
            if ($order -ne 0) { if ($this.Descending) { return -$order } else { return $order } }
        }
        return 0
    }
}

# A property as the user named it (a name, a pattern, a script block, @{ Name = ...; Expression = ... }) -> columns of one object.
function Get-ShellColumn([object] $InputObject, [object[]] $Property) {
    foreach ($one in $Property) {
        if ($one -is [Collections.IDictionary]) {
            $name = $null; $value = $null
            foreach ($key in $one.Keys) {
                if ('Name' -like "$key*" -or 'Label' -like "$key*") { $name = [string]$one[$key] }
                elseif ('Expression' -like "$key*") { $value = $one[$key] }
            }
            if ($null -eq $name) { $name = "$value" }
            if ($value -is [scriptblock]) { $value = $InputObject | ForEach-Object $value } else { $value = $InputObject.$value }
            [pscustomobject]@{ Name = $name; Value = $value }
        }
        elseif ($one -is [scriptblock]) { [pscustomobject]@{ Name = "$one".Trim(); Value = ($InputObject | ForEach-Object $one) } }
        elseif ([Management.Automation.WildcardPattern]::ContainsWildcardCharacters("$one")) {
            foreach ($found in $InputObject.PSObject.Properties) {
                if ($found.Name -like $one) { [pscustomobject]@{ Name = $found.Name; Value = $found.Value } }
            }
        }
        else { [pscustomobject]@{ Name = "$one"; Value = $InputObject.$one } }
    }
}

function ConvertTo-ShellText([object] $Value) {
    if ($null -eq $Value) { '' }
    elseif ($Value -is [string]) { $Value }
    elseif ($Value -is [Collections.IEnumerable] -and $Value.GetType().IsArray) { '{' + ($Value -join ', ') + '}' }
    else { "$Value" }
}

function Write-Output {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline, ValueFromRemainingArguments)] [AllowNull()] [AllowEmptyCollection()] [psobject[]] $InputObject)
    process { foreach ($one in $InputObject) { $one } }
}

function Write-Host {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0, ValueFromPipeline, ValueFromRemainingArguments)] [object] $Object,
        [switch] $NoNewline,
        [object] $Separator = ' ',
        [ConsoleColor] $ForegroundColor,
        [ConsoleColor] $BackgroundColor)
    process {
        $text = @(foreach ($one in $Object) { "$one" }) -join $Separator
        $message = [Management.Automation.HostInformationMessage]@{ Message = $text; NoNewLine = $NoNewline }
        if ($PSBoundParameters.ContainsKey('ForegroundColor')) { $message.ForegroundColor = $ForegroundColor }
        if ($PSBoundParameters.ContainsKey('BackgroundColor')) { $message.BackgroundColor = $BackgroundColor }
        $PSCmdlet.WriteInformation($message, [string[]]'PSHOST')
    }
}

function Write-Information {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [object] $MessageData, [Parameter(Position = 1)] [string[]] $Tags = @())
    process { $PSCmdlet.WriteInformation($MessageData, $Tags) }
}

function Write-Warning {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)] [AllowEmptyString()] [string] $Message)
    process { $PSCmdlet.WriteWarning($Message) }
}

function Write-Verbose {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)] [AllowEmptyString()] [string] $Message)
    process { $PSCmdlet.WriteVerbose($Message) }
}

function Write-Progress {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string] $Activity,
        [Parameter(Position = 1)] [string] $Status = 'Processing',
        [int] $Id = 0,
        [int] $PercentComplete = -1,
        [switch] $Completed)
    process {
        $record = [Management.Automation.ProgressRecord]::new($Id, $Activity, $Status)
        $record.PercentComplete = $PercentComplete
        if ($Completed) { $record.RecordType = 'Completed' }
        $PSCmdlet.WriteProgress($record)
    }
}

function Write-Error {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)] [AllowEmptyString()] [string] $Message,
        [string] $ErrorId = 'WriteError',
        [Management.Automation.ErrorCategory] $Category = 'NotSpecified',
        [object] $TargetObject)
    process {
        $exception = [Management.Automation.RuntimeException]::new($Message)
        $PSCmdlet.WriteError([Management.Automation.ErrorRecord]::new($exception, $ErrorId, $Category, $TargetObject))
    }
}

function Select-Object {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0)] [object[]] $Property,
        [Parameter(ValueFromPipeline)] [psobject] $InputObject,
        [string] $ExpandProperty,
        [int] $First = -1,
        [int] $Last = -1,
        [int] $Skip = 0)
    begin { $kept = [Collections.Generic.List[object]]::new(); $seen = 0 }
    process {
        $seen++
        if ($seen -gt $Skip -and ($First -lt 0 -or $kept.Count -lt $First)) { $kept.Add($InputObject) }
    }
    end {
        if ($Last -ge 0 -and $kept.Count -gt $Last) { $kept = $kept.GetRange($kept.Count - $Last, $Last) }
        foreach ($one in $kept) {
            if ($ExpandProperty) { $one.$ExpandProperty }
            elseif ($Property) {
                $made = [ordered]@{}
                foreach ($column in Get-ShellColumn $one $Property) { $made[$column.Name] = $column.Value }
                [pscustomobject]$made
            }
            else { $one }
        }
    }
}

function Sort-Object {
    [CmdletBinding()]
    param([Parameter(Position = 0)] [object[]] $Property, [Parameter(ValueFromPipeline)] [psobject] $InputObject, [switch] $Descending)
    begin { $all = [Collections.Generic.List[object]]::new() }
    process {
        if ($Property) { $keys = @(foreach ($column in Get-ShellColumn $InputObject $Property) { , $column.Value }) } else { $keys = @($InputObject) }
        $all.Add([pscustomobject]@{ Item = $InputObject; Keys = $keys })
    }
    end {
        $identity = [Func[object, object]] { param($entry) $entry }
        foreach ($entry in [Linq.Enumerable]::OrderBy($all, $identity, [ShellOrder]::new($Descending))) { $entry.Item }
    }
}

function Group-Object {
    [CmdletBinding()]
    param([Parameter(Position = 0)] [object] $Property, [Parameter(ValueFromPipeline)] [psobject] $InputObject)
    begin { $groups = [ordered]@{} }
    process {
        $value = if ($Property) { (Get-ShellColumn $InputObject $Property).Value } else { $InputObject }
        $name = ConvertTo-ShellText $value
        if (-not $groups.Contains($name)) { $groups[$name] = [Collections.Generic.List[object]]::new() }
        $groups[$name].Add($InputObject)
    }
    end { foreach ($name in $groups.Keys) { [pscustomobject]@{ Count = $groups[$name].Count; Name = $name; Group = $groups[$name] } } }
}

function Measure-Object {
    [CmdletBinding()]
    param([Parameter(Position = 0)] [string] $Property, [Parameter(ValueFromPipeline)] [psobject] $InputObject)
    begin { $count = 0; $sum = 0.0 }
    process { $count++; if ($Property) { $sum += $InputObject.$Property } }
    end { [pscustomobject]@{ Count = $count; Sum = $(if ($Property) { $sum }); Property = $Property } }
}

function Format-Table {
    [CmdletBinding()]
    param([Parameter(Position = 0)] [object[]] $Property, [Parameter(ValueFromPipeline)] [psobject] $InputObject, [switch] $AutoSize, [switch] $Wrap)
    begin { $rows = [Collections.Generic.List[object]]::new(); $names = [Collections.Generic.List[string]]::new(); $items = [Collections.Generic.List[object]]::new() }
    process {
        $items.Add($InputObject)
        if (-not $Property) { return }
        $row = @{}
        foreach ($column in Get-ShellColumn $InputObject $Property) {
            if (-not $names.Contains($column.Name)) { $names.Add($column.Name) }
            $row[$column.Name] = ConvertTo-ShellText $column.Value
        }
        $rows.Add($row)
    }
    end {
        if (-not $Property) { return $items }
        $widths = @{}
        foreach ($name in $names) {
            $widths[$name] = $name.Length
            foreach ($row in $rows) { if ("$($row[$name])".Length -gt $widths[$name]) { $widths[$name] = $row[$name].Length } }
        }
        ''
        (@(foreach ($name in $names) { $name.PadRight($widths[$name]) }) -join ' ').TrimEnd()
        (@(foreach ($name in $names) { ('-' * $name.Length).PadRight($widths[$name]) }) -join ' ').TrimEnd()
        foreach ($row in $rows) { (@(foreach ($name in $names) { "$($row[$name])".PadRight($widths[$name]) }) -join ' ').TrimEnd() }
        ''
    }
}

function Format-List {
    [CmdletBinding()]
    param([Parameter(Position = 0)] [object[]] $Property = @('*'), [Parameter(ValueFromPipeline)] [psobject] $InputObject)
    process {
        $columns = @(Get-ShellColumn $InputObject $Property)
        $width = 0
        foreach ($column in $columns) { if ($column.Name.Length -gt $width) { $width = $column.Name.Length } }
        ''
        foreach ($column in $columns) { '{0} : {1}' -f $column.Name.PadRight($width), (ConvertTo-ShellText $column.Value) }
    }
    end { '' }
}

function Out-String {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline)] [psobject] $InputObject)
    begin { $all = [Collections.Generic.List[object]]::new() }
    process { $all.Add($InputObject) }
    end {
        $Host.PrivateData.Begin()
        try { $all | Out-Host } finally { $text = $Host.PrivateData.End() }
        $text
    }
}

function ConvertTo-Csv {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline)] [psobject] $InputObject, [char] $Delimiter = ',', [switch] $NoTypeInformation)
    begin { $names = $null }
    process {
        if ($null -eq $names) {
            $names = @(foreach ($found in $InputObject.PSObject.Properties) { $found.Name })
            @(foreach ($name in $names) { '"' + $name.Replace('"', '""') + '"' }) -join $Delimiter
        }
        @(foreach ($name in $names) { $value = $InputObject.$name; if ($null -eq $value) { '' } else { '"' + $value.ToString().Replace('"', '""') + '"' } }) -join $Delimiter
    }
}

function Export-Csv {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string] $Path,
        [Parameter(ValueFromPipeline)] [psobject] $InputObject,
        [char] $Delimiter = ',',
        [switch] $NoTypeInformation)
    begin { $all = [Collections.Generic.List[object]]::new() }
    process { $all.Add($InputObject) }
    end {
        $full = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path)
        [IO.File]::WriteAllLines($full, [string[]]@($all | ConvertTo-Csv -Delimiter $Delimiter))
    }
}

function Get-Content {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [string] $Path, [switch] $Raw)
    process {
        $full = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path)
        if ($Raw) { [IO.File]::ReadAllText($full) } else { [IO.File]::ReadAllLines($full) }
    }
}

function Set-Content {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [string] $Path, [Parameter(Mandatory, Position = 1, ValueFromPipeline)] [object[]] $Value)
    begin { $lines = [Collections.Generic.List[string]]::new() }
    process { foreach ($one in $Value) { $lines.Add("$one") } }
    end { [IO.File]::WriteAllLines($PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path), $lines) }
}

function Test-Path {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [string] $Path, [ValidateSet('Any', 'Container', 'Leaf')] [string] $PathType = 'Any')
    process {
        $full = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path)
        ($PathType -ne 'Leaf' -and [IO.Directory]::Exists($full)) -or ($PathType -ne 'Container' -and [IO.File]::Exists($full))
    }
}

function Join-Path {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [string] $Path, [Parameter(Mandatory, Position = 1)] [string] $ChildPath)
    process { [IO.Path]::Combine($Path, $ChildPath.TrimStart('/', '\')) }
}

function Split-Path {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [string] $Path, [switch] $Leaf, [switch] $Parent)
    process { if ($Leaf) { [IO.Path]::GetFileName($Path.TrimEnd('/', '\')) } else { [IO.Path]::GetDirectoryName($Path.TrimEnd('/', '\')) } }
}

function Start-Sleep {
    [CmdletBinding()]
    param([Parameter(Position = 0)] [double] $Seconds = 0, [int] $Milliseconds = 0)
    process {
        # In short naps, so that Ctrl+C is heard.
        $until = [DateTime]::UtcNow.AddSeconds($Seconds).AddMilliseconds($Milliseconds)
        while (($left = ($until - [DateTime]::UtcNow).TotalMilliseconds) -gt 0) { [Threading.Thread]::Sleep([int][Math]::Min(100, [Math]::Ceiling($left))) }
    }
}

function Get-Date {
    [CmdletBinding()]
    param([Parameter(Position = 0)] [DateTime] $Date = [DateTime]::Now, [string] $Format)
    process { if ($Format) { $Date.ToString($Format) } else { $Date } }
}
