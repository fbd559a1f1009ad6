<?php

declare(strict_types=1);

// Composer's packages where they are installed, else those of Debian (php-monolog, php-symfony-messenger, php-laravel-framework).
$composer = dirname(__DIR__) . '/vendor/autoload.php';
if (is_file($composer)) {
    require $composer;
    return;
}

$folders = ['Kahets\\Tests\\' => __DIR__, 'Kahets\\' => dirname(__DIR__) . '/src'];
spl_autoload_register(static function (string $class) use ($folders): void {
    foreach ($folders as $prefix => $folder) {
        $file = $folder . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
        if (str_starts_with($class, $prefix) && is_file($file)) {
            require $file;
            return;
        }
    }
});
foreach (['Psr/Log', 'Monolog', 'Symfony/Component/Messenger', 'Illuminate'] as $library) {
    $autoload = "/usr/share/php/$library/autoload.php";
    if (is_file($autoload)) {
        require_once $autoload;
    }
}
